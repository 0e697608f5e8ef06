import { discard, errorOfStatus, field, shownUrl } from '@peer-cache/transport';
import type { HeaderFields, OriginHttp } from '@peer-cache/transport';
import { numberIn } from './dialect.ts';
import type { UploadProtocol } from './dialect.ts';

/** What a server said when it was asked how it takes uploads. */
export interface UploadServer {
  readonly protocol: UploadProtocol;
  /** With which it checks each request, of those that we know; undefined for none. */
  readonly checksum: ChecksumName | undefined;
  /** Of one upload; undefined where it does not say. */
  readonly mostBytes: number | undefined;
}

export type ChecksumName = 'sha256' | 'sha1';

const PARTIAL_UPLOAD = 'application/partial-upload';

/** Asks how uploads are taken at a URL. A server that knows no such question takes plain PUTs. */
export async function detectServer(
  http: OriginHttp,
  url: string,
  { signal }: { readonly signal: AbortSignal },
): Promise<UploadServer> {
  const headers = { 'tus-resumable': '1.0.0' };
  const { status, fields, body } = await http.send(url, { method: 'OPTIONS', headers, signal });
  discard(body);
  // Who may not ask may not upload, and who is busy may say something else later.
  if (status < 300) return serverOf(fields);
  const error = errorOfStatus(shownUrl(url), status, fields);
  if (error.transient || status === 401 || status === 403) throw error;
  return serverOf({});
}

/** What the header fields of its answer say. Pure. */
export function serverOf(fields: HeaderFields): UploadServer {
  if (field(fields, 'tus-resumable') !== undefined || field(fields, 'tus-version') !== undefined) {
    const mostBytes = numberIn(fields, 'tus-max-size');
    return { protocol: 'tus', checksum: checksumOf(fields), mostBytes };
  }
  const limit = field(fields, 'upload-limit');
  const accepted = field(fields, 'accept-patch') ?? '';
  if (limit !== undefined || accepted.includes(PARTIAL_UPLOAD)) {
    const [, most] = /(?:^|,)\s*max-size=(\d{1,15})/.exec(limit ?? '') ?? [];
    const mostBytes = most === undefined ? undefined : Number(most);
    return { protocol: 'ietf', checksum: undefined, mostBytes };
  }
  return { protocol: 'put', checksum: undefined, mostBytes: undefined };
}

function checksumOf(fields: HeaderFields): ChecksumName | undefined {
  if (!listed(fields, 'tus-extension').includes('checksum')) return undefined;
  const names = listed(fields, 'tus-checksum-algorithm');
  return (['sha256', 'sha1'] as const).find((name) => names.includes(name));
}

function listed(fields: HeaderFields, name: string): string[] {
  return (field(fields, name) ?? '').split(',').map((each) => each.trim().toLowerCase());
}
