import { BLOCK_BYTES, KIB, SECOND_MS } from '@peer-cache/core';
import type { JobPriority } from '@peer-cache/protocol';
import { rateInForce } from './limit-config.ts';
import type { Direction, LimitInterval, LimitKey, LimitsConfig } from './limit-config.ts';
import { inForce, intervalAt } from './schedule.ts';
import { TokenBucket } from './token-bucket.ts';

/** For whom bytes are to come or go. */
export interface Taker {
  /** The job, where it is for one. */
  readonly jobId?: string | undefined;
  readonly priority: JobPriority;
  /** Of the job, in bytes per second; 0 for blocked, undefined for none. */
  readonly jobLimit?: number | undefined;
}

export type LimitName = LimitKey | 'job';

/** So many bytes, or when to ask again; undefined where only a change can help (`onChange`). */
export type Leave =
  | { readonly bytes: number }
  | { readonly retryMs: number | undefined; readonly by: LimitName };

/** A limit that holds somebody. */
export interface LimitExplanation {
  readonly name: LimitName;
  /** 0 for blocked. */
  readonly bytesPerSecond: number;
  /** Where it was written: `limits.low`, `schedule.work-hours.low`; undefined for the job's own. */
  readonly key: string | undefined;
  /** Name of the interval of the schedule that it comes from. */
  readonly interval: string | undefined;
  /** When the schedule makes it another; undefined where it never does. */
  readonly until: Date | undefined;
  /** From 0 to 1, where it is a share of what the link was measured to carry. */
  readonly linkShare: number | undefined;
}

/** The clock of `@peer-cache/jobs` is one. */
export interface LimitsClock {
  /** Milliseconds since some start; never jumps. */
  uptimeMs(): number;
  /** Milliseconds since 1970. */
  wallMs(): number;
  /** Calls `work` every so often until disposed; keeps no process alive. */
  every(intervalMs: number, work: () => void): Disposable;
}

/** A schedule switches within a second. */
const TICK_MS = 500;
/** A job that asks for nothing for so long does not run; its next run begins with nothing saved up. */
const JOB_KEPT_MS = 10 * SECOND_MS;
/** Less is not worth a request. */
const LEAST_PIECE_BYTES = 4 * KIB;

interface Applying {
  readonly name: LimitName;
  readonly bucket: TokenBucket;
}

/**
 * How many bytes may go one way now: what is configured, as the schedule has it, and the limits of
 * jobs. All limits that apply are charged together, so that none is overdrawn and none pays for
 * what another refused.
 */
export class Limits implements Disposable {
  readonly #direction: Direction;
  readonly #clock: LimitsClock;
  readonly #buckets = new Map<LimitKey, TokenBucket>();
  readonly #jobs = new Map<string, TokenBucket>();
  readonly #listeners = new Set<() => void>();
  readonly #ticker: Disposable;
  #config: LimitsConfig;
  #interval: LimitInterval | undefined;
  #linkBytesPerSecond: number | undefined;

  constructor(direction: Direction, clock: LimitsClock, config: LimitsConfig) {
    this.#direction = direction;
    this.#clock = clock;
    this.#config = config;
    this.#ticker = clock.every(TICK_MS, () => this.#tick());
    this.#apply();
  }

  /**
   * Leave for up to `wantedBytes`, more than 0. It is at least 4 KiB, or half of what is saved up at
   * most where that is less: a slow limit gives small pieces, none gives shreds.
   */
  take(who: Taker, wantedBytes: number): Leave {
    const nowMs = this.#clock.uptimeMs();
    const applying = this.#applyingTo(who);
    const half = Math.min(...applying.map(({ bucket }) => Math.ceil(bucket.capacityBytes / 2)));
    const available = applying.map(({ bucket }) => bucket.available(nowMs));
    const bytes = Math.min(wantedBytes, ...available);
    if (bytes > 0 && bytes >= Math.min(wantedBytes, LEAST_PIECE_BYTES, half)) {
      for (const { bucket } of applying) bucket.take(bytes, nowMs);
      return { bytes };
    }
    // Half, so that who comes late finds all that grew meanwhile; a block is what a request is for.
    return refusal(applying, { bytes: Math.min(wantedBytes, BLOCK_BYTES, half), nowMs });
  }

  /** Returns what was taken and not used. */
  giveBack(who: Taker, bytes: number): void {
    for (const { bucket } of this.#applyingTo(who)) bucket.giveBack(bytes);
  }

  /** What limits somebody, the slowest first; empty where nothing does. */
  explain({ priority, jobLimit }: Taker): LimitExplanation[] {
    const explanations = this.#keysFor(priority).flatMap((name): LimitExplanation[] => {
      const { rate, ...facts } = this.#rateOf(name);
      if (rate === undefined) return [];
      return [{ name, bytesPerSecond: rate, until: this.#untilOf(name), ...facts }];
    });
    if (jobLimit !== undefined) {
      const nowhere = { key: undefined, interval: undefined, until: undefined };
      const own = { name: 'job', bytesPerSecond: jobLimit, linkShare: undefined } as const;
      explanations.push({ ...own, ...nowhere });
    }
    return explanations.toSorted((a, b) => a.bytesPerSecond - b.bytesPerSecond);
  }

  /** Calls back when a limit may have become another: who is blocked should ask again. */
  onChange(listener: () => void): Disposable {
    // A function of its own for each call, so that one may listen twice.
    const own = (): void => listener();
    this.#listeners.add(own);
    return { [Symbol.dispose]: () => this.#listeners.delete(own) };
  }

  reconfigure(config: LimitsConfig): void {
    this.#config = config;
    this.#apply();
    this.changed();
  }

  /** What the link carries was measured, in bytes per second; undefined where it is unknown again. */
  setLink(bytesPerSecond: number | undefined): void {
    if (bytesPerSecond === this.#linkBytesPerSecond) return;
    this.#linkBytesPerSecond = bytesPerSecond;
    if (this.#apply()) this.changed();
  }

  /** A limit changed that only its owner knows of, such as a job's. */
  changed(): void {
    for (const listener of this.#listeners) listener();
  }

  [Symbol.dispose](): void {
    this.#ticker[Symbol.dispose]();
    this.#listeners.clear();
  }

  #tick(): void {
    const idleSinceMs = this.#clock.uptimeMs() - JOB_KEPT_MS;
    for (const [jobId, { atMs }] of this.#jobs) if (atMs < idleSinceMs) this.#jobs.delete(jobId);
    const now = new Date(this.#clock.wallMs());
    if (intervalAt(this.#config.schedule, now) === this.#interval) return;
    this.#apply();
    this.changed();
  }

  /** Gives every bucket the rate that holds now, and tells whether one changed. */
  #apply(): boolean {
    const nowMs = this.#clock.uptimeMs();
    this.#interval = intervalAt(this.#config.schedule, new Date(this.#clock.wallMs()));
    let isChanged = false;
    for (const key of keysOf(this.#direction)) {
      const { rate } = this.#rateOf(key);
      const bucket = this.#buckets.get(key);
      isChanged ||= bucket?.rate !== rate;
      if (bucket === undefined) this.#buckets.set(key, new TokenBucket(rate, nowMs));
      else bucket.setRate(rate, nowMs);
    }
    return isChanged;
  }

  #rateOf(key: LimitKey): ReturnType<typeof rateInForce> {
    return rateInForce(this.#config, key, {
      interval: this.#interval,
      linkBytesPerSecond: this.#linkBytesPerSecond,
    });
  }

  #untilOf(key: LimitKey): Date | undefined {
    const { rates, schedule } = this.#config;
    const now = new Date(this.#clock.wallMs());
    return inForce(schedule, now, (interval) => interval?.rates[key] ?? rates[key]).until;
  }

  #applyingTo({ jobId, priority, jobLimit }: Taker): Applying[] {
    const applying = this.#keysFor(priority).flatMap((name): Applying[] => {
      const bucket = this.#buckets.get(name);
      return bucket?.rate === undefined ? [] : [{ name, bucket }];
    });
    if (jobId === undefined) return applying;
    if (jobLimit === undefined) this.#jobs.delete(jobId);
    else applying.push({ name: 'job', bucket: this.#bucketOf(jobId, jobLimit) });
    return applying;
  }

  #bucketOf(jobId: string, jobLimit: number): TokenBucket {
    const nowMs = this.#clock.uptimeMs();
    const bucket = this.#jobs.get(jobId) ?? new TokenBucket(jobLimit, nowMs);
    this.#jobs.set(jobId, bucket);
    if (bucket.rate !== jobLimit) bucket.setRate(jobLimit, nowMs);
    return bucket;
  }

  #keysFor(priority: JobPriority): LimitKey[] {
    return this.#direction === 'wan' ? ['wan', priority] : [this.#direction];
  }
}

function keysOf(direction: Direction): LimitKey[] {
  return direction === 'wan' ? ['wan', 'foreground', 'high', 'normal', 'low'] : [direction];
}

/** The limit that makes wait longest; one that is blocked makes wait for a change. */
function refusal(
  applying: readonly Applying[],
  { bytes, nowMs }: { readonly bytes: number; readonly nowMs: number },
): Leave {
  const waits = applying.map(({ name, bucket }) => ({
    by: name,
    retryMs: bucket.waitMs(bytes, nowMs),
  }));
  const longest = waits.reduce((a, b) =>
    (b.retryMs ?? Infinity) > (a.retryMs ?? Infinity) ? b : a,
  );
  const { by, retryMs } = longest;
  // A timer that fires a fraction of a millisecond early would ask in vain.
  return { by, retryMs: retryMs === undefined ? undefined : Math.max(1, Math.ceil(retryMs)) };
}
