import { KIB, SECOND_MS } from '@peer-cache/core';
import { BaseDelay } from './base-delay.ts';

/** How long others may wait because of us: [RFC 6817 §2.4.2] allows up to 100. */
const TARGET_MS = 25;
/** Bytes per millisecond, to begin with. */
const FIRST_RATE = 32;
/** However much others send: enough to see when they stop, and next to nothing of any line. */
const LEAST_RATE = 2;
const MOST_RATE = 1_250_000;
/** Up to where the way became full last time it is found again fast. */
const FAST_GROWTH = 1.6;
const KNOWN_SHARE = 0.9;
const SLOW_GROWTH = 1.025;
const LEAST_DECREASE = 0.85;
const MOST_DECREASE = 0.5;
/** What fills so much more than the target is somebody else, who takes what there is. */
const OTHERS_TARGETS = 3;
/** A way that became slower shows so step by step; a rate far below comes of giving way. */
const NEAR_SHARE = 0.5;
/** No word for so long: the way is full, or gone. */
const SILENT_MS = 2 * SECOND_MS;
/** Not even by a full way: this server answers nobody else while it is sent something. */
const UNANSWERED_MS = 10 * SECOND_MS;
/** What may go at once. */
const BURST_MS = 12;
const LEAST_SLICE_BYTES = 1400;
const MOST_SLICE_BYTES = 16 * KIB;
/** A rate that was reached so long ago says little of the way as it is now. */
const KNOWN_FOR_MS = 60 * SECOND_MS;

/** How an upload in the background fares on its way. */
export interface UplinkStatus {
  /** What it may send at most, at present. */
  readonly bytesPerSecond: number;
  /** Whether it is slow because others send, too: far below what the way carried lately. */
  readonly isYielding: boolean;
  /** Whether probes are answered: else nothing is known of the way, and little is sent. */
  readonly isAnswered: boolean;
}

/**
 * How fast an upload in the background may send: as fast as a probe, sent beside it at times, does
 * not have to wait. TCP at the sending side tells a program neither delay nor loss, and what was
 * handed to it can't be taken back: so what is handed over goes by a rate. Pure: time comes in.
 */
export class UplinkRate {
  readonly #base = new BaseDelay();
  #rate = FIRST_RATE;
  /** Where the way was full last; undefined while it never was. */
  #fullRate: number | undefined;
  #fullMs = 0;
  #bytes = 0;
  #filledMs: number | undefined;
  /** Whether something had to wait since the last probe: else the rate was not what bounded it. */
  #wasHeld = false;
  /** Of the last answer, or of what was made of there being none. */
  #lastMs = 0;
  /** Of the last answer, or since when bytes go out. */
  #answeredMs = 0;
  #usedMs = Number.NEGATIVE_INFINITY;
  #calmFromMs = 0;

  /** For people. */
  status(nowMs: number): UplinkStatus {
    const isAnswered = this.#isAnswered(nowMs);
    return {
      bytesPerSecond: Math.round(this.#rate * SECOND_MS),
      isYielding: isAnswered && this.#rate < NEAR_SHARE * (this.#known(nowMs) ?? 0),
      isAnswered,
    };
  }

  /** How much to hand over at a time: what is sent in one go is a queue of its own. */
  get sliceBytes(): number {
    const bytes = Math.round(this.#rate * BURST_MS);
    return Math.min(MOST_SLICE_BYTES, Math.max(LEAST_SLICE_BYTES, bytes));
  }

  /** Takes so many bytes and returns 0, or says for how long (ms) they have to wait. */
  take(bytes: number, nowMs: number): number {
    this.#noteUse(nowMs);
    if (nowMs - this.#lastMs > SILENT_MS) this.#silent(nowMs);
    this.#fill(nowMs);
    const needed = Math.min(bytes, this.#burstBytes);
    if (this.#bytes < needed) {
      this.#wasHeld = true;
      return (needed - this.#bytes) / this.#rate;
    }
    // A debt where more is sent at once than may be: what comes next waits for it.
    this.#bytes -= bytes;
    return 0;
  }

  /** A probe that went out `rttMs` ago was answered. */
  probed(rttMs: number, nowMs: number): void {
    this.#base.note(rttMs, nowMs);
    this.#lastMs = nowMs;
    this.#answeredMs = nowMs;
    const queueMs = rttMs - (this.#base.ms ?? rttMs);
    const isUsed = this.#wasHeld;
    this.#wasHeld = false;
    // What was decreased before this probe went out shows in later ones only.
    if (nowMs - rttMs < this.#calmFromMs) return;
    if (queueMs > TARGET_MS) this.#decrease(queueMs, nowMs);
    else if (isUsed) this.#grow(queueMs, nowMs);
  }

  /** While nothing is sent nobody asks, either: what is not answered counts from here on. */
  #noteUse(nowMs: number): void {
    const isNew = nowMs - this.#usedMs > SILENT_MS;
    this.#usedMs = nowMs;
    if (!isNew) return;
    this.#lastMs = nowMs;
    this.#answeredMs = nowMs;
  }

  get #burstBytes(): number {
    return Math.max(LEAST_SLICE_BYTES, this.#rate * BURST_MS);
  }

  #fill(nowMs: number): void {
    const sinceMs = nowMs - (this.#filledMs ?? nowMs);
    this.#filledMs = nowMs;
    this.#bytes = Math.min(this.#burstBytes, this.#bytes + sinceMs * this.#rate);
  }

  #decrease(queueMs: number, nowMs: number): void {
    const isOthers = queueMs > OTHERS_TARGETS * TARGET_MS;
    this.#noteFull(isOthers, nowMs);
    const over = Math.min(1, (queueMs - TARGET_MS) / TARGET_MS);
    const factor = isOthers ? MOST_DECREASE : 1 - (1 - LEAST_DECREASE) * over;
    this.#setRate(this.#rate * factor);
    this.#calmFromMs = nowMs;
  }

  /** What others leave while they are there is not what the way carries. */
  #noteFull(isOthers: boolean, nowMs: number): void {
    const full = this.#known(nowMs);
    if (full === undefined) this.#fullRate = this.#rate / FAST_GROWTH;
    else if (isOthers || this.#rate < NEAR_SHARE * full) return;
    else this.#fullRate = this.#rate;
    this.#fullMs = nowMs;
  }

  /** Where the way was full, as far as that is not too long ago. */
  #known(nowMs: number): number | undefined {
    return nowMs - this.#fullMs < KNOWN_FOR_MS ? this.#fullRate : undefined;
  }

  #grow(queueMs: number, nowMs: number): void {
    const known = KNOWN_SHARE * (this.#known(nowMs) ?? Infinity);
    const isFast = this.#rate < known && queueMs < TARGET_MS / 2;
    const grown = this.#rate * (isFast ? FAST_GROWTH : SLOW_GROWTH);
    this.#setRate(isFast ? Math.min(grown, Math.max(known, this.#rate)) : grown);
  }

  #silent(nowMs: number): void {
    this.#lastMs = nowMs;
    this.#setRate(this.#isAnswered(nowMs) ? this.#rate * MOST_DECREASE : FIRST_RATE);
  }

  #isAnswered(nowMs: number): boolean {
    return nowMs - this.#answeredMs < UNANSWERED_MS;
  }

  #setRate(rate: number): void {
    this.#rate = Math.min(MOST_RATE, Math.max(LEAST_RATE, rate));
  }
}
