import type { Readable } from 'node:stream';
import type { BlockTurns } from '@peer-cache/bandwidth';
import { BLOCK_BYTES } from '@peer-cache/core';
import { isLong, LONGEST_BLOCK_MS } from '../leaving.ts';
import type { PlainVersion } from './plain-version.ts';

export interface PlainBodyParts {
  readonly version: PlainVersion;
  readonly turns: BlockTurns;
  readonly leave: AbortSignal;
  /** Bytes came, of which so many are wanted and new. */
  readonly received: (bytes: number, newBytes: number) => void;
  /** Keeps a block. */
  readonly write: (startByte: number, bytes: Uint8Array) => Promise<void>;
}

/**
 * Reads the body of one answer block by block, each at its turn, and keeps those that are missing.
 * After `leave` it ends with the reason of that, at the next block's edge if the rest takes long.
 */
export class PlainBody {
  readonly #parts: PlainBodyParts;
  readonly #endByte: number;
  readonly #startedMs = performance.now();
  #atByte: number;
  #receivedBytes = 0;

  /** `endByte` is undefined where only the end of the body tells. */
  constructor(
    parts: PlainBodyParts,
    { startByte, endByte = Infinity }: { startByte: number; endByte: number | undefined },
  ) {
    this.#parts = parts;
    this.#atByte = startByte;
    this.#endByte = endByte;
  }

  /** Where in the content the next byte belongs. */
  get atByte(): number {
    return this.#atByte;
  }

  /** Reads until nothing is missing any more, or to the body's end; fails as the body or a write. */
  async read(body: Readable): Promise<void> {
    const { version, leave, turns } = this.#parts;
    let timer: NodeJS.Timeout | undefined;
    const giveUp = (): unknown => body.destroy(leave.reason);
    const onLeave = (): void => {
      if (this.#isAtEdge) giveUp();
      else timer = setTimeout(giveUp, LONGEST_BLOCK_MS).unref();
    };
    leave.throwIfAborted();
    leave.addEventListener('abort', onLeave, { once: true });
    try {
      for await (const chunk of body) {
        await this.#take(chunk);
        if (version.isWhole) break;
      }
      if (this.#endByte === Infinity) await this.#keep();
    } finally {
      clearTimeout(timer);
      leave.removeEventListener('abort', onLeave);
      turns.end();
    }
  }

  async #take(chunk: Uint8Array): Promise<void> {
    const { version, turns, received } = this.#parts;
    let rest = chunk;
    while (rest.length > 0 && !version.isWhole) {
      this.#leaveAtEdge();
      await turns.begin();
      const edgeByte = Math.min(blockEnd(this.#atByte), this.#endByte);
      const bytes = rest.subarray(0, edgeByte - this.#atByte);
      if (bytes.length === 0) return;
      const newBytes = version.take(this.#atByte, bytes);
      const startByte = this.#atByte + bytes.length - newBytes;
      this.#atByte += bytes.length;
      this.#receivedBytes += bytes.length;
      turns.received(bytes.length);
      received(bytes.length, version.wanted.bytesOf({ startByte, endByte: this.#atByte }));
      if (this.#isAtEdge) await this.#keep();
      rest = rest.subarray(bytes.length);
    }
  }

  /** Where the body ends within a block, the rest of that may come with another answer. */
  get #isAtEdge(): boolean {
    return this.#atByte % BLOCK_BYTES === 0 || this.#atByte === this.#parts.version.sizeBytes;
  }

  async #keep(): Promise<void> {
    const { version, turns, write } = this.#parts;
    const block = version.takeOut();
    if (block !== undefined) await write(block.startByte, block.bytes);
    turns.end();
  }

  #leaveAtEdge(): void {
    const { leave, version } = this.#parts;
    if (!leave.aborted || !this.#isAtEdge) return;
    const endByte = Math.min(this.#endByte, version.next.endByte);
    const leftBytes = endByte - this.#atByte;
    const underWay = { startedMs: this.#startedMs, receivedBytes: this.#receivedBytes, leftBytes };
    if (isLong(underWay, performance.now())) leave.throwIfAborted();
  }
}

function blockEnd(atByte: number): number {
  return (Math.floor(atByte / BLOCK_BYTES) + 1) * BLOCK_BYTES;
}
