import type { HeaderFields } from '@peer-cache/transport';
import { field } from '@peer-cache/transport';

/** Ways to send a file. `put` can't go on where it broke off; `s3` goes by URLs that were signed. */
export type UploadProtocol = 'tus' | 'ietf' | 'put' | 's3';

type Fields = Readonly<Record<string, string>>;

/** What is said of a file when its upload begins. */
export interface AnnouncedFile {
  /** That the server may give it. */
  readonly name: string;
  readonly sizeBytes: number;
}

/** Of the bytes that one request brings. */
export interface SentPart {
  readonly startByte: number;
  readonly isLast: boolean;
  readonly sizeBytes: number;
}

/** How far an upload has come at the server. */
export interface UploadOffset {
  readonly offsetBytes: number;
  /** Undefined where the protocol does not say: then all bytes are all there is. */
  readonly isComplete: boolean | undefined;
}

/** The header fields in which one resumable protocol differs from another; pure. */
export interface Dialect {
  /** Of an upload that was just created, where the answer does not say. */
  readonly beginning: UploadOffset;
  creation(file: AnnouncedFile): Fields;
  question(): Fields;
  part(part: SentPart): Fields;
  /** Undefined where the answer tells of no offset. */
  offset(fields: HeaderFields): UploadOffset | undefined;
}

const TUS_VERSION = { 'tus-resumable': '1.0.0' };
/** Of draft-ietf-httpbis-resumable-upload-05. */
const IETF_VERSION = { 'upload-draft-interop-version': '6' };
const NUMBER = /^\d{1,15}$/;

/** tus 1.0.0 with its extension for creation. */
const TUS: Dialect = {
  beginning: { offsetBytes: 0, isComplete: undefined },
  creation: ({ name, sizeBytes }) => ({
    ...TUS_VERSION,
    'upload-length': `${sizeBytes}`,
    'upload-metadata': `filename ${Buffer.from(name).toString('base64')}`,
  }),
  question: () => TUS_VERSION,
  part: ({ startByte }) => ({
    ...TUS_VERSION,
    'upload-offset': `${startByte}`,
    'content-type': 'application/offset+octet-stream',
  }),
  offset: (fields) => {
    const offsetBytes = numberIn(fields, 'upload-offset');
    return offsetBytes === undefined ? undefined : { offsetBytes, isComplete: undefined };
  },
};

/** Resumable uploads of the IETF. */
const IETF: Dialect = {
  beginning: { offsetBytes: 0, isComplete: false },
  creation: ({ name, sizeBytes }) => ({
    ...IETF_VERSION,
    'upload-complete': '?0',
    'upload-length': `${sizeBytes}`,
    'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(name)}`,
  }),
  question: () => IETF_VERSION,
  part: ({ startByte, isLast, sizeBytes }) => ({
    ...IETF_VERSION,
    'upload-offset': `${startByte}`,
    'upload-complete': isLast ? '?1' : '?0',
    'upload-length': `${sizeBytes}`,
    'content-type': 'application/partial-upload',
  }),
  offset: (fields) => {
    const offsetBytes = numberIn(fields, 'upload-offset');
    const isComplete = field(fields, 'upload-complete')?.trim() === '?1';
    return offsetBytes === undefined ? undefined : { offsetBytes, isComplete };
  },
};

export function dialectOf(protocol: 'tus' | 'ietf'): Dialect {
  return protocol === 'tus' ? TUS : IETF;
}

export function numberIn(fields: HeaderFields, name: string): number | undefined {
  const value = field(fields, name)?.trim() ?? '';
  return NUMBER.test(value) ? Number(value) : undefined;
}
