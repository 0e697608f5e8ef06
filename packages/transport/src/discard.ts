import type { Readable } from 'node:stream';
import { KIB, SECOND_MS } from '@peer-cache/core';

const MOST_BYTES = 64 * KIB;
const MOST_MS = 10 * SECOND_MS;

/**
 * For an answer whose header said all: takes what is left of it, so that its connection can be used
 * again; one that is long, or takes long, is broken off.
 */
export function discard(body: Readable, mostMs: number = MOST_MS): void {
  let leftBytes = MOST_BYTES;
  const timer = setTimeout(() => body.destroy(), mostMs);
  timer.unref();
  body.once('close', () => clearTimeout(timer));
  body.on('data', (chunk: Uint8Array) => {
    leftBytes -= chunk.length;
    if (leftBytes < 0) body.destroy();
  });
}
