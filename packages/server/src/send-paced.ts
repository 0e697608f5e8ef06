import { BLOCK_BYTES } from '@peer-cache/core';
import { BLOCKS_TYPE } from '@peer-cache/protocol';
import type { FastifyReply } from 'fastify';
import type { Connection } from './connection.ts';
import type { PacedAnswer } from './serving-pace.ts';
import { written } from './written.ts';

/** Sends an answer block by block, as leave can be had. */
export async function sendPaced(
  reply: FastifyReply,
  bytes: Uint8Array,
  { connection, answer }: { readonly connection: Connection; readonly answer: PacedAnswer },
): Promise<void> {
  const { raw } = reply.hijack();
  const left = new AbortController();
  raw.once('close', () => left.abort());
  const signal = AbortSignal.any([left.signal, connection.ending]);
  raw.writeHead(200, { 'content-type': BLOCKS_TYPE, 'content-length': bytes.length });
  try {
    for (let at = 0; at < bytes.length;) {
      // No more at a time, so that answers to several peers take turns.
      const count = Math.min(BLOCK_BYTES, bytes.length - at);
      await answer.take({ least: count, most: count }, { signal });
      await written(raw, bytes.subarray(at, at + count));
      at += count;
    }
    raw.end();
  } catch {
    // Nobody reads, or this machine stops serving: the other side learns it by the end.
    raw.destroy();
  }
}
