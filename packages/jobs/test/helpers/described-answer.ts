import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  CONTENT_INFORMATION_TYPE,
  ContentHasher,
  describeContent,
  encodeRoot,
  serverSecretFrom,
} from '@peer-cache/core';

const SERVER_SECRET = serverSecretFrom(Buffer.alloc(32, 7));

/** Answers whoever asks for content information, as an origin does; false for all others. */
export function describedAnswer(
  content: Buffer,
  { headers }: IncomingMessage,
  response: ServerResponse,
): boolean {
  if (headers.accept?.includes(CONTENT_INFORMATION_TYPE) !== true) return false;
  const { root, resource } = informationOf(content);
  const [, first = '0', last] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '') ?? [];
  const startByte = Number(first);
  const endByte = startByte === 0 ? root.length : Number(last) + 1;
  response.statusCode = 206;
  response.setHeader('content-type', CONTENT_INFORMATION_TYPE);
  response.setHeader('content-range', `bytes ${startByte}-${endByte - 1}/${resource.length}`);
  response.end(resource.subarray(startByte, endByte));
  return true;
}

function informationOf(content: Buffer): { root: Buffer; resource: Buffer } {
  const hasher = new ContentHasher();
  hasher.update(content);
  const hashed = hasher.finish();
  const etag = `"${content.length}-${content.subarray(0, 4).toString('hex')}"`;
  const described = describeContent(hashed, { serverSecret: SERVER_SECRET, etag });
  const root = Buffer.from(encodeRoot(described));
  return { root, resource: Buffer.concat([root, ...hashed.blockHashLists]) };
}
