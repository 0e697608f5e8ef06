import { discard } from '@peer-cache/transport';
import type { OriginHttp } from '@peer-cache/transport';
import { dialectOf } from './dialect.ts';
import type { UploadSession } from './upload-journey.ts';

/**
 * Tells the server that nothing more comes of an upload, once. One that can't be told drops it when
 * it expires.
 *
 * @throws {PeerCacheError} of the way to the server
 */
export async function abandonUpload(
  http: OriginHttp,
  { protocol, url }: UploadSession,
  { target, signal }: { readonly target: string; readonly signal: AbortSignal },
): Promise<void> {
  if (url === undefined || protocol === 'put' || protocol === 's3') return;
  const headers = dialectOf(protocol).question();
  const request = { method: 'DELETE', headers, linkedFrom: target, signal } as const;
  const { body } = await http.send(url, request);
  discard(body);
}
