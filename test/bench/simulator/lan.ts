import { BLOCK_BYTES } from '@peer-cache/core';
import type { VirtualTime } from './virtual-time.ts';

/** Seals, frames and headers of a block, and those of a message. */
const OVERHEAD = 1.02;
/** Parts of an answer that is long under way are of use before its end. */
const PART_MS = 20;

/** A host's link to the switch: one answer after the other, each way. */
export class LanLink {
  freeUpMs = 0;
  freeDownMs = 0;
}

/** The LAN: a switch that is never the bottleneck, and a link with a rate for each host. */
export class Lan {
  readonly latencyMs: number;
  readonly #time: VirtualTime;
  readonly #bytesPerMs: number;

  constructor(
    time: VirtualTime,
    { bytesPerMs, latencyMs }: { readonly bytesPerMs: number; readonly latencyMs: number },
  ) {
    this.#time = time;
    this.#bytesPerMs = bytesPerMs;
    this.latencyMs = latencyMs;
  }

  /** How many blocks are handed on together: one, where the LAN is slow. */
  get blocksPerPart(): number {
    return Math.max(1, Math.floor((PART_MS * this.#bytesPerMs) / BLOCK_BYTES));
  }

  /** When blocks that are asked for now will have come. */
  arrivalMs(from: LanLink, to: LanLink, blocks: number): number {
    const tookMs = (blocks * BLOCK_BYTES * OVERHEAD) / this.#bytesPerMs;
    const startMs = Math.max(this.#time.nowMs + this.latencyMs, from.freeUpMs);
    from.freeUpMs = startMs + tookMs;
    to.freeDownMs = Math.max(startMs, to.freeDownMs) + tookMs;
    return Math.max(from.freeUpMs, to.freeDownMs) + this.latencyMs;
  }
}
