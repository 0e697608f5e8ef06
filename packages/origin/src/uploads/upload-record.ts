import { partsOfName } from './upload-name.ts';

/** Of an upload, as it is kept on the disk. */
export interface UploadRecord {
  readonly id: string;
  /** Relative to the folder for uploads, checked. */
  readonly name: string;
  readonly sizeBytes: number;
  /** Whose quota it counts for. */
  readonly user: string;
  readonly createdMs: number;
  /** Of the last byte, or of its creation; what is idle for too long is dropped. */
  readonly progressMs: number;
  /** `receiving` until the file has its place. */
  readonly state: 'receiving' | 'placed';
  /** SHA-256 as `Repr-Digest` has it: as its sender says, and once it is placed, as it is. */
  readonly digest: string | undefined;
  /** `host:port` by which its sender reached us, once it is placed: a reply must be there, too. */
  readonly host?: string | undefined;
  /** Absent where nobody is told of uploads. */
  readonly notice: UploadNotice | undefined;
}

/** Whether an application was told of an upload, and what it said. */
export type UploadNotice =
  | { readonly state: 'pending'; readonly tries: number }
  | { readonly state: 'told'; readonly replyUrl: string | undefined };

const STATES = ['receiving', 'placed'] as const;

/** A record from its file; undefined for what is none, as a disk may have anything. */
export function recordOf(text: string): UploadRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(value)) return undefined;
  const { id, name, sizeBytes, user, createdMs, progressMs, state, digest, host, notice } = value;
  const knownState = STATES.find((each) => each === state);
  if (typeof id !== 'string' || typeof name !== 'string' || typeof user !== 'string') {
    return undefined;
  }
  if (!isCount(sizeBytes) || !isCount(createdMs) || !isCount(progressMs)) return undefined;
  if (knownState === undefined || !isName(name)) return undefined;
  return {
    id,
    name,
    sizeBytes,
    user,
    createdMs,
    progressMs,
    state: knownState,
    digest: typeof digest === 'string' ? digest : undefined,
    host: typeof host === 'string' && isHost(host) ? host : undefined,
    notice: noticeOf(notice),
  };
}

function noticeOf(value: unknown): UploadNotice | undefined {
  if (!isRecord(value)) return undefined;
  const { state, tries, replyUrl } = value;
  if (state === 'pending') return { state, tries: isCount(tries) ? tries : 0 };
  if (state !== 'told') return undefined;
  return { state, replyUrl: typeof replyUrl === 'string' ? replyUrl : undefined };
}

function isName(name: string): boolean {
  try {
    return partsOfName(name).length > 0;
  } catch {
    return false;
  }
}

function isHost(host: string): boolean {
  return URL.canParse(`http://${host}`);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
