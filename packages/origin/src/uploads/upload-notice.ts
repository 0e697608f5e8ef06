import { createHmac } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { MINUTE_MS, SECOND_MS } from '@peer-cache/core';
import LinkHeader from 'http-link-header';
import { request } from 'undici';
import type { UploadRecord } from './upload-record.ts';

/** An application that is told of each upload that has its place. Named by the operator alone. */
export interface UploadApplication {
  readonly url: string;
  /** Whether it gets the facts, or the file itself. */
  readonly mode: 'reference' | 'value';
  /** Signs what it is told, where there is one. */
  readonly secret: string | undefined;
}

/** It said so; undefined for no reply. */
export interface Told {
  readonly replyUrl: string | undefined;
}

const TIME_LIMIT_MS = 30 * SECOND_MS;
const FIRST_WAIT_MS = 1 * SECOND_MS;
const MOST_WAIT_MS = 10 * MINUTE_MS;

/** How long to wait after so many tries that failed. */
export function waitAfter(tries: number): number {
  return Math.min(MOST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(30, tries));
}

/**
 * Tells the application of an upload; undefined where it did not take it. At least once each, always
 * with the same key. Redirects are not followed.
 */
export async function tellApplication(
  { url, mode, secret }: UploadApplication,
  record: UploadRecord,
  { path, signal }: { readonly path: string; readonly signal: AbortSignal },
): Promise<Told | undefined> {
  const { id, name, sizeBytes, digest = '' } = record;
  const facts = { id, name, sizeBytes, digest };
  const body = mode === 'value' ? createReadStream(path) : JSON.stringify(facts);
  const length = typeof body === 'string' ? Buffer.byteLength(body) : sizeBytes;
  const headers = {
    'content-type': mode === 'value' ? 'application/octet-stream' : 'application/json',
    'content-length': `${length}`,
    'idempotency-key': id,
    'upload-id': id,
    'upload-name': encodeURIComponent(name),
    'repr-digest': digest,
    ...(secret !== undefined && { 'upload-signature': signatureOf(facts, secret) }),
  };
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(TIME_LIMIT_MS)]);
    const answer = await request(url, { method: 'POST', headers, body, signal: limit });
    answer.body.on('error', () => undefined).destroy();
    if (answer.statusCode < 200 || answer.statusCode >= 300) return undefined;
    return { replyUrl: replyIn(answer.headers) };
  } catch {
    return undefined;
  } finally {
    if (body instanceof Readable) body.destroy();
  }
}

/** HMAC-SHA256 over ID, name, size and digest, a line each. */
export function signatureOf(
  { id, name, sizeBytes, digest = '' }: Pick<UploadRecord, 'id' | 'name' | 'sizeBytes' | 'digest'>,
  secret: string,
): string {
  const hmac = createHmac('sha256', secret).update(`${id}\n${name}\n${sizeBytes}\n${digest}`);
  return `sha256=${hmac.digest('hex')}`;
}

/**
 * The reply's URL, as uploaders are told it: of the host that they reached, whatever the application
 * says, and without a scheme, which may be another one in front of us. Pure.
 */
export function ownReply(reply: string | undefined, host = 'origin.invalid'): string | undefined {
  // A host with the usual port is the same as one without.
  const base = URL.parse(`http://${host}`);
  const url = base === null || reply === undefined ? null : URL.parse(reply, base.href);
  const isWeb = url !== null && /^https?:$/.test(url.protocol);
  return isWeb && url.host === base?.host ? `${url.pathname}${url.search}` : undefined;
}

function replyIn(fields: Readonly<Record<string, string | string[] | undefined>>) {
  const text = (name: string): string | undefined => [fields[name]].flat().join(', ') || undefined;
  try {
    const linked = LinkHeader.parse(text('link') ?? '').rel('reply')[0]?.uri;
    return linked ?? text('content-location');
  } catch {
    return text('content-location');
  }
}
