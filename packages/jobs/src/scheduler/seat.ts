import type { Pacer, Pacing, StreamPace, Taker, Turn, TurnUse } from '@peer-cache/bandwidth';
import { BLOCK_BYTES, MIB } from '@peer-cache/core';
import type { JobPriority } from '@peer-cache/protocol';

/** What requests are sent to. */
export type TurnKind = Parameters<Turn['ask']>[0];

/**
 * A running job's part in what there is, shared by its files' transfers. Disposed when the job is
 * put back, fails or ends; requests that are still under way count until they are disposed.
 */
export interface Seat extends Turn, Disposable {
  readonly priority: JobPriority;
  setPriority(priority: JobPriority): void;

  /**
   * Whether the job has nothing to ask for, as while it connects or waits for a source. Jobs of
   * lower priorities may go on meanwhile, once its requests have ended. False at first, and again
   * from its next ask.
   */
  isWaiting: boolean;
}

export interface SeatOptions {
  /** Bytes per second that the job may have over the WAN; undefined for no limit. */
  readonly limitOf?: (() => number | undefined) | undefined;
  /** Whether it stays in the foreground until it has ended. */
  readonly isFixed?: boolean | undefined;
}

/** Who says when requests to origins may go out. */
export type SeatPacer = Pick<Pacer, 'isLimited' | 'leave' | 'mayFetch' | 'want'> & {
  readonly streams: Pick<StreamPace, 'pass' | 'send' | 'probed'>;
};

/** What a seat leaves to the scheduler. */
export interface SeatKeeper {
  ask(seat: JobSeat, kind: TurnKind, blocks: number): TurnUse | undefined;
  setPriority(seat: JobSeat, priority: JobPriority): void;
  /** It has nothing to ask for at present. */
  rest(seat: JobSeat): void;
  leave(seat: JobSeat): void;
}

/** What happens to the bytes of a request. */
export interface TurnAccount {
  charge(bytes: number): void;
  refund(bytes: number): void;
  /** The request has ended. */
  release(): void;
}

export class JobSeat implements Seat {
  readonly jobId: string;
  /** Requests under way. */
  readonly inFlight: Record<TurnKind, number> = { origin: 0, peer: 0 };
  /** What it has asked for since it last had nothing to ask for. */
  readonly asks: Set<TurnKind> = new Set();
  readonly pacing: Pacing | undefined;
  priority: JobPriority;
  /** Turns granted so far. */
  turns = 0;
  readonly #keeper: SeatKeeper;
  readonly #listeners = new Set<{ readonly call: () => void }>();
  #isWaiting = false;
  #isDisposed = false;

  constructor(
    keeper: SeatKeeper,
    { id, priority }: { readonly id: string; readonly priority: JobPriority },
    pacing?: { readonly pacer: SeatPacer; readonly options: SeatOptions },
  ) {
    this.#keeper = keeper;
    this.jobId = id;
    this.priority = priority;
    this.pacing = pacing && pacingOf(this, pacing.pacer, pacing.options);
  }

  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  set isWaiting(isWaiting: boolean) {
    this.#isWaiting = isWaiting;
    if (!isWaiting || this.#isDisposed) return;
    this.asks.clear();
    this.#keeper.rest(this);
  }

  /** Somebody waits for what is in the foreground. */
  get isUrgent(): boolean {
    return this.priority === 'foreground';
  }

  /** Whether it takes part, and no lower priority may ask for anything. */
  get isActive(): boolean {
    if (this.#isDisposed) return false;
    return !this.#isWaiting || this.inFlight.origin + this.inFlight.peer > 0;
  }

  ask(kind: TurnKind, blocks: number): TurnUse | undefined {
    if (this.#isDisposed) return undefined;
    this.#isWaiting = false;
    this.asks.add(kind);
    return this.#keeper.ask(this, kind, blocks);
  }

  onFree(listener: () => void): Disposable {
    const entry = { call: listener };
    this.#listeners.add(entry);
    return { [Symbol.dispose]: () => void this.#listeners.delete(entry) };
  }

  setPriority(priority: JobPriority): void {
    if (!this.#isDisposed && priority !== this.priority) this.#keeper.setPriority(this, priority);
  }

  /** Calls the listeners; whoever takes a turn is the last to be called the next time. */
  offer(): void {
    const entries = [...this.#listeners];
    for (const entry of entries) {
      if (!this.#listeners.has(entry)) continue;
      const turnsBefore = this.turns;
      entry.call();
      if (this.turns > turnsBefore && this.#listeners.delete(entry)) this.#listeners.add(entry);
    }
  }

  [Symbol.dispose](): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#listeners.clear();
    this.#keeper.leave(this);
  }
}

/** Of a foreground request: enough to fill any line, and little enough for a change of priority. */
const FOREGROUND_BYTES = 1 * MIB;

function pacingOf(
  seat: JobSeat,
  pacer: SeatPacer,
  { limitOf, isFixed = false }: SeatOptions,
): Pacing {
  const who = (): Taker => {
    return { jobId: seat.jobId, priority: seat.priority, jobLimit: limitOf?.() };
  };
  return {
    mayFetch: () => seat.isUrgent || pacer.mayFetch(),
    want: () => pacer.want(),
    pass: (bytes, options) => pacer.streams.pass(who, bytes, options),
    send: (way, mostBytes, options) => pacer.streams.send(who, { way, mostBytes }, options),
    probed: (way, rttMs) => pacer.streams.probed(way, rttMs),
    isFree: () => isFixed && !pacer.isLimited(who()),
    leave: (way, mostBytes, options) => {
      const most = seat.isUrgent ? Math.min(mostBytes, FOREGROUND_BYTES) : mostBytes;
      return pacer.leave({ way, mostBytes: most, who }, options);
    },
  };
}

/** One granted request: charged as a whole at first, and in the end for what it brought. */
export class ChargedUse implements TurnUse {
  readonly blocks: number;
  #account: TurnAccount | undefined;
  #chargedBytes: number;
  #receivedBytes = 0;

  constructor(blocks: number, account: TurnAccount) {
    this.blocks = blocks;
    this.#account = account;
    this.#chargedBytes = blocks * BLOCK_BYTES;
    account.charge(this.#chargedBytes);
  }

  received(bytes: number): void {
    this.#receivedBytes += bytes;
    // An origin without ranges sends more than it was asked for.
    const excessBytes = this.#receivedBytes - this.#chargedBytes;
    if (excessBytes <= 0) return;
    this.#chargedBytes += excessBytes;
    this.#account?.charge(excessBytes);
  }

  [Symbol.dispose](): void {
    const account = this.#account;
    this.#account = undefined;
    // A block at least: or whoever fails at once would always be the one that was served least.
    const dueBytes = Math.max(this.#receivedBytes, BLOCK_BYTES);
    account?.refund(this.#chargedBytes - Math.min(this.#chargedBytes, dueBytes));
    account?.release();
  }
}
