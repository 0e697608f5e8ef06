import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { CONTENT_INFORMATION_TYPE, MIB } from '@peer-cache/core';
import { describing } from './described.ts';
import type { Described } from './described.ts';

const PIECE_BYTES = 16_384;

/** An origin at the end of one line, which all of its answers share. */
export interface LineOrigin extends AsyncDisposable {
  readonly url: string;
  /** Bytes of contents that were sent, whole or not. */
  readonly sentBytes: () => number;
  /** Lists that were sent. */
  readonly sentLists: () => number;
  /** Requests with credentials. */
  readonly authorized: () => number;
  /** While it is cut nothing is answered and nothing more is sent. */
  isCut: boolean;
}

/** Starts an origin of described contents, by name, on loopback: so many bytes a second in all. */
export async function startLineOrigin(
  contents: ReadonlyMap<string, Described>,
  { bytesPerSecond = 20 * MIB }: { readonly bytesPerSecond?: number } = {},
): Promise<LineOrigin> {
  let sentBytes = 0;
  let sentLists = 0;
  let authorized = 0;
  let freeAtMs = performance.now();
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  const origin = {
    url: `http://127.0.0.1:${port}`,
    sentBytes: () => sentBytes,
    sentLists: () => sentLists,
    authorized: () => authorized,
    isCut: false,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return origin;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const what = contents.get(request.url?.slice(1) ?? '');
    if (request.headers.authorization !== undefined) authorized++;
    if (what === undefined) return void response.writeHead(404).end();
    while (origin.isCut) await sleep(20);
    if (request.headers.accept?.includes(CONTENT_INFORMATION_TYPE)) {
      if (request.headers.range?.startsWith('bytes=0-') === false) sentLists++;
      return describing(() => what)(request, response, 0);
    }
    const [, first = '0', last = ''] =
      /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
    const body = what.bytes.subarray(Number(first), Number(last) + 1);
    response.writeHead(206, {
      etag: what.etag,
      'content-range': `bytes ${first}-${last}/${what.bytes.length}`,
      'content-length': body.length,
    });
    await send(response, body);
  }

  async function send(response: ServerResponse, body: Buffer): Promise<void> {
    for (let at = 0; at < body.length && !response.destroyed; at += PIECE_BYTES) {
      const piece = body.subarray(at, at + PIECE_BYTES);
      const nowMs = performance.now();
      freeAtMs = Math.max(freeAtMs, nowMs) + (piece.length / bytesPerSecond) * 1000;
      if (freeAtMs > nowMs + 1) await sleep(freeAtMs - nowMs);
      while (origin.isCut) await sleep(20);
      if (response.destroyed) return;
      sentBytes += piece.length;
      response.write(piece);
    }
    response.end();
  }
}
