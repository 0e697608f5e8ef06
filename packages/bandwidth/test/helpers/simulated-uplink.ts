import { UplinkRate } from '../../src/uplink-rate.ts';
import type { UplinkStatus } from '../../src/uplink-rate.ts';
import { randomFrom } from './seeded-random.ts';

const PACKET_BYTES = 1460;
const PROBE_PAUSE_MS = 100;

export interface UplinkOptions {
  readonly bytesPerMs: number;
  readonly bufferMs: number;
  readonly rttMs: number;
  /** By how much a probe may be late for no reason of the way. */
  readonly jitterMs?: number;
  readonly seed?: number;
}

export interface UplinkFigures {
  /** Of what the way carries. */
  readonly ours: number;
  readonly others: number;
  /** What a packet waits, in the median. */
  readonly queueMs: number;
}

/**
 * A thin way out, in steps of 1 ms: bytes queue at its entry, and what does not fit is lost. Others
 * send by a TCP that halves its window where it loses something, as Reno does.
 */
export class SimulatedUplink {
  readonly rate: UplinkRate = new UplinkRate();
  /** Whether somebody else uploads something. */
  isContested = false;
  /** Whether nobody answers. */
  isSilent = false;
  readonly #options: UplinkOptions;
  readonly #random: () => number;
  #nowMs = 0;
  #queueBytes = 0;
  #window = 10 * PACKET_BYTES;
  #isStarting = true;
  #calmUntilMs = 0;
  #otherCredit = 0;
  #nextProbeMs = 0;
  #probes: { readonly atMs: number; readonly rttMs: number }[] = [];

  constructor(options: UplinkOptions) {
    this.#options = options;
    this.#random = randomFrom(options.seed ?? 1);
  }

  get status(): UplinkStatus {
    return this.rate.status(this.#nowMs);
  }

  /** Runs for so long, and tells how it went from `afterSeconds` on. */
  run(seconds: number, afterSeconds = 0): UplinkFigures {
    const { bytesPerMs } = this.#options;
    const fromMs = this.#nowMs + afterSeconds * 1000;
    const endMs = this.#nowMs + seconds * 1000;
    let [ours, others] = [0, 0];
    const queues: number[] = [];
    while (this.#nowMs < endMs) {
      const step = this.#step();
      if (this.#nowMs < fromMs) continue;
      ours += step.ours;
      others += step.others;
      queues.push(this.#queueBytes / bytesPerMs);
    }
    const all = (endMs - fromMs) * bytesPerMs;
    const sorted = queues.toSorted((a, b) => a - b);
    return {
      ours: ours / all,
      others: others / all,
      queueMs: sorted[Math.floor(sorted.length / 2)] ?? 0,
    };
  }

  #step(): { ours: number; others: number } {
    const { bytesPerMs, bufferMs } = this.#options;
    const nowMs = this.#nowMs++;
    this.#probe(nowMs);
    this.#queueBytes = Math.max(0, this.#queueBytes - bytesPerMs);
    const room = (): number => bufferMs * bytesPerMs - this.#queueBytes;
    let ours = 0;
    for (;;) {
      const slice = this.rate.sliceBytes;
      if (this.rate.take(slice, nowMs) > 0) break;
      const fits = Math.max(0, Math.min(slice, room()));
      ours += fits;
      this.#queueBytes += fits;
    }
    const others = this.isContested ? this.#sendOthers(nowMs, room()) : 0;
    this.#queueBytes += others;
    return { ours, others };
  }

  #sendOthers(nowMs: number, room: number): number {
    const { bytesPerMs, rttMs } = this.#options;
    const tripMs = rttMs + this.#queueBytes / bytesPerMs;
    this.#otherCredit += this.#window / tripMs;
    if (this.#otherCredit < PACKET_BYTES) return 0;
    const wanted = this.#otherCredit;
    this.#otherCredit = 0;
    if (wanted <= room) {
      const share = this.#isStarting ? 1 : PACKET_BYTES / this.#window;
      this.#window += wanted * share;
      return wanted;
    }
    if (nowMs >= this.#calmUntilMs) {
      this.#isStarting = false;
      this.#window = Math.max(2 * PACKET_BYTES, this.#window / 2);
      this.#calmUntilMs = nowMs + tripMs;
    }
    return Math.max(0, room);
  }

  #probe(nowMs: number): void {
    const due = this.#probes.filter(({ atMs }) => atMs <= nowMs);
    this.#probes = this.#probes.filter(({ atMs }) => atMs > nowMs);
    for (const { rttMs } of due) {
      if (this.isSilent) continue;
      this.rate.probed(rttMs, nowMs);
      this.#nextProbeMs = nowMs + PROBE_PAUSE_MS;
    }
    if (this.#probes.length > 0 || nowMs < this.#nextProbeMs) return;
    const { rttMs, jitterMs = 0, bytesPerMs } = this.#options;
    const late = this.#random() * jitterMs;
    const tripMs = rttMs + this.#queueBytes / bytesPerMs + late;
    this.#probes.push({ atMs: nowMs + Math.ceil(tripMs), rttMs: tripMs });
  }
}
