import type { ServerResponse } from 'node:http';

/** For each block: a little less than what any transfer waits for one. */
const BLOCK_MS = 1900;
const PIECE_MS = 100;

/** Answers with these frames, a few bytes at a time: never silent, and never done. */
export function drip(response: ServerResponse, frames: readonly Buffer[]): void {
  response.writeHead(200, {
    'content-length': frames.reduce((sum, { length }) => sum + length, 0),
  });
  const startMs = performance.now();
  let sent = 0;
  const timer = setInterval(() => {
    const pieces = Math.floor((performance.now() - startMs) / PIECE_MS);
    const perBlock = BLOCK_MS / PIECE_MS;
    if (response.destroyed) return clearInterval(timer);
    for (; sent < pieces; sent++) {
      const frame = frames[Math.floor(sent / perBlock)];
      if (frame === undefined) {
        clearInterval(timer);
        return void response.end();
      }
      const at = sent % perBlock;
      const part = frame.length / perBlock;
      response.write(frame.subarray(Math.floor(at * part), Math.floor((at + 1) * part)));
    }
  }, PIECE_MS);
}

/** How much of a run of blocks has dripped in after so long. */
export function drippedBlocks(elapsedMs: number): number {
  return elapsedMs / BLOCK_MS;
}
