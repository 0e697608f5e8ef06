import { KIB, MIB } from '@peer-cache/core';
import { MOST_RESPONSE_BYTES } from '@peer-cache/protocol';
import { admitsAnswer } from './admission.ts';
import { ServerBusyError } from './errors.ts';
import type { Host } from './hosts.ts';
import type { ServerLimits } from './limits.ts';

/** A block, four, a run of sixteen (with seals and frame headers more than 1 MiB), and the most. */
const SIZE_CLASSES: readonly number[] = [128 * KIB, 320 * KIB, 1088 * KIB, MOST_RESPONSE_BYTES];
/** Memory that each size keeps for its next answers; what was in flight beyond it is let go. */
const MOST_IDLE_BYTES: number = 8 * MIB;
/** Two of the largest, or eight that are usual. */
const LEAST_ALLOWED_BYTES: number = 2 * MOST_RESPONSE_BYTES;
/** An answer of some MiB leaves a LAN's network card within this. */
const BUSY_RETRY_MS = 100;

/** A buffer on loan. */
export interface AnswerBuffer {
  readonly bytes: Buffer;
  /** Gives it back; must not happen while anybody still writes or sends it. Twice is once. */
  readonly release: () => void;
}

/** Buffers that answers are filled into, used again and again, within the limits of memory. */
export class AnswerBuffers {
  readonly #limits: ServerLimits;
  #allowed: ServerLimits;
  readonly #idle = new Map<number, Buffer[]>(SIZE_CLASSES.map((size) => [size, []]));
  #bytesInFlight = 0;

  constructor(limits: ServerLimits) {
    this.#limits = limits;
    this.#allowed = limits;
  }

  /**
   * Lets so much of the limit be in flight from now on, from 0 to 1; always some answers, so that
   * those who have nobody else to ask are not left with nothing.
   */
  allow(share: number): void {
    const { bytesInFlight } = this.#limits;
    const allowedBytes = Math.max(LEAST_ALLOWED_BYTES, Math.floor(bytesInFlight * share));
    this.#allowed = { ...this.#limits, bytesInFlight: Math.min(bytesInFlight, allowedBytes) };
  }

  get bytesInFlight(): number {
    return this.#bytesInFlight;
  }

  /** @throws {ServerBusyError} when this host, or all together, have as much in flight as they may. */
  take(leastBytes: number, host: Host): AnswerBuffer {
    const size = SIZE_CLASSES.find((bytes) => bytes >= leastBytes) ?? leastBytes;
    const inFlight = { all: this.#bytesInFlight, ofHost: host.bytesInFlight };
    if (!admitsAnswer(size, inFlight, this.#allowed)) {
      throw new ServerBusyError('bytes in flight', BUSY_RETRY_MS);
    }
    this.#count(host, size);
    return this.#loan(this.#idle.get(size)?.pop() ?? Buffer.allocUnsafeSlow(size), host);
  }

  #loan(bytes: Buffer, host: Host): AnswerBuffer {
    let isOut = true;
    const release = (): void => {
      if (!isOut) return;
      isOut = false;
      this.#count(host, -bytes.length);
      const idle = this.#idle.get(bytes.length);
      if (idle && (idle.length + 1) * bytes.length <= MOST_IDLE_BYTES) idle.push(bytes);
    };
    return { bytes, release };
  }

  #count(host: Host, bytes: number): void {
    this.#bytesInFlight += bytes;
    host.bytesInFlight += bytes;
  }
}
