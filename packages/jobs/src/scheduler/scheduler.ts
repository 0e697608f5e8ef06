import type { TurnUse } from '@peer-cache/bandwidth';
import type { JobPriority } from '@peer-cache/protocol';
import { JobServices, PRIORITIES } from './admission.ts';
import { FairShare } from './fair-share.ts';
import { ChargedUse, JobSeat } from './seat.ts';
import type { Seat, SeatKeeper, SeatOptions, SeatPacer, TurnAccount, TurnKind } from './seat.ts';
import { mostRequestsEach, resolveTurnLimits } from './turn-limits.ts';
import type { SchedulerOptions, TurnLimits } from './turn-limits.ts';

/** Those of one priority who share one kind of request. */
interface Line {
  readonly share: FairShare<JobSeat>;
  /** Refused and not called back yet: whoever waits for longest is first. */
  readonly wanting: Set<JobSeat>;
}

interface Use {
  requests: number;
  blocks: number;
}

const KINDS: readonly TurnKind[] = ['origin', 'peer'];

/**
 * Decides whose turn it is: the highest priority alone, as long as a job of it has work, and within
 * it block by block whoever was served least. Synchronous; knows neither time nor sources.
 */
export class Scheduler {
  readonly #limits: TurnLimits;
  readonly #inUse = { origin: usesByPriority(), peer: usesByPriority() };
  readonly #lines = { origin: linesByPriority(), peer: linesByPriority() };
  readonly #seats = new Map<string, JobSeat>();
  readonly #services = new JobServices();
  readonly #keeper: SeatKeeper = {
    ask: (seat, kind, blocks) => this.#ask(seat, kind, blocks),
    setPriority: (seat, priority) => this.#setPriority(seat, priority),
    rest: (seat) => this.#rest(seat),
    leave: (seat) => this.#leave(seat),
  };
  readonly #pacer: SeatPacer | undefined;
  #isOffering = false;

  /**
   * With a pacer requests to origins need its leave, too.
   *
   * @throws {RangeError} for a limit that is no positive integer
   */
  constructor(options: SchedulerOptions = {}, pacer?: SeatPacer) {
    this.#limits = resolveTurnLimits(options);
    this.#pacer = pacer;
  }

  /** The job runs, and holds lower priorities back. It must have no other seat. */
  enter(id: string, priority: JobPriority, options: SeatOptions = {}): Seat {
    if (this.#seats.has(id)) throw new RangeError(`job ${id} has a seat already`);
    const pacer = this.#pacer;
    const seat = new JobSeat(this.#keeper, { id, priority }, pacer && { pacer, options });
    this.#seats.set(id, seat);
    this.#services.join(id, priority);
    return seat;
  }

  /**
   * Bytes that the job was served within its priority, with or without a seat; undefined for a
   * newcomer, until it has had its first MiB. For `chooseRunning`.
   */
  serviceOf(id: string): number | undefined {
    return this.#services.serviceOf(id);
  }

  /**
   * The job does not compete for a seat any more: it has ended, failed, or was suspended. If it
   * comes back, it is a newcomer.
   */
  forget(id: string): void {
    this.#services.forget(id);
  }

  #ask(seat: JobSeat, kind: TurnKind, wantedBlocks: number): TurnUse | undefined {
    const line = this.#line(seat, kind);
    const hasJustJoined = line.share.join(seat);
    if (!this.#mayTake(seat, kind)) {
      line.wanting.add(seat);
      return undefined;
    }
    const use = this.#grant(seat, kind, wantedBlocks);
    if (hasJustJoined) line.share.leave(seat);
    return use;
  }

  #mayTake(seat: JobSeat, kind: TurnKind): boolean {
    if (!this.#hasRoom(kind, seat.priority) || this.#topPriority() !== seat.priority) return false;
    if (!this.#hasRequestLeft(seat, kind)) return false;
    const line = this.#line(seat, kind);
    return this.#ready(line, kind).every((each) => !line.share.isBehind(each, seat));
  }

  #hasRoom(kind: TurnKind, priority: JobPriority): boolean {
    const { requests, blocks } = this.#used(kind, priority);
    return requests < this.#limits[kind].requests && blocks < this.#limits[kind].blocks;
  }

  /** Requests of lower priorities are in nobody's way: they wait until those of this one are done. */
  #used(kind: TurnKind, priority: JobPriority): Use {
    const sum = { requests: 0, blocks: 0 };
    for (const each of PRIORITIES) {
      const { requests, blocks } = this.#inUse[kind][each];
      sum.requests += requests;
      sum.blocks += blocks;
      if (each === priority) break;
    }
    return sum;
  }

  #topPriority(): JobPriority | undefined {
    return PRIORITIES.find((each) => this.#activeCount(each) > 0);
  }

  #activeCount(priority: JobPriority): number {
    let count = 0;
    for (const seat of this.#seats.values()) {
      if (seat.priority === priority && seat.isActive) count++;
    }
    return count;
  }

  /** Sources that are slow must not hold all there is: half of the jobs can't take everything. */
  #hasRequestLeft(seat: JobSeat, kind: TurnKind): boolean {
    let sharers = 0;
    for (const each of this.#seats.values()) {
      if (each.priority === seat.priority && each.isActive && each.asks.has(kind)) sharers++;
    }
    return seat.inFlight[kind] < mostRequestsEach(this.#limits[kind].requests, sharers);
  }

  /** Those who want and may have more. Who has all it may have does not save up for later. */
  #ready({ share, wanting }: Line, kind: TurnKind): JobSeat[] {
    const ready: JobSeat[] = [];
    for (const seat of wanting) {
      if (this.#hasRequestLeft(seat, kind)) {
        share.join(seat);
        ready.push(seat);
      } else share.leave(seat);
    }
    return ready;
  }

  #grant(seat: JobSeat, kind: TurnKind, wantedBlocks: number): TurnUse {
    const inUse = this.#inUse[kind][seat.priority];
    const isShared = this.#activeCount(seat.priority) > 1;
    const leftBlocks = this.#limits[kind].blocks - this.#used(kind, seat.priority).blocks;
    const mostBlocks = isShared ? Math.min(this.#limits.blocksWhenShared, leftBlocks) : leftBlocks;
    const blocks = Math.min(wantedBlocks, mostBlocks);
    inUse.requests++;
    inUse.blocks += blocks;
    seat.inFlight[kind]++;
    seat.turns++;
    const release = (): void => {
      inUse.requests--;
      inUse.blocks -= blocks;
      seat.inFlight[kind]--;
      this.#offer();
    };
    return new ChargedUse(blocks, { ...this.#account(seat, kind), release });
  }

  #account(seat: JobSeat, kind: TurnKind): Omit<TurnAccount, 'release'> {
    const { share } = this.#line(seat, kind);
    return {
      charge: (bytes) => {
        share.charge(seat, bytes);
        this.#services.charge(seat.jobId, bytes);
      },
      refund: (bytes) => {
        share.refund(seat, bytes);
        this.#services.refund(seat.jobId, bytes);
      },
    };
  }

  #setPriority(seat: JobSeat, priority: JobPriority): void {
    for (const kind of KINDS) {
      const { share, wanting } = this.#line(seat, kind);
      share.forget(seat);
      if (!wanting.delete(seat)) continue;
      const line = this.#lines[kind][priority];
      line.share.join(seat);
      line.wanting.add(seat);
    }
    seat.priority = priority;
    this.#services.join(seat.jobId, priority);
    this.#offer();
  }

  #rest(seat: JobSeat): void {
    for (const kind of KINDS) {
      const { share, wanting } = this.#line(seat, kind);
      wanting.delete(seat);
      share.leave(seat);
    }
    this.#offer();
  }

  #leave(seat: JobSeat): void {
    this.#seats.delete(seat.jobId);
    for (const kind of KINDS) {
      const { share, wanting } = this.#line(seat, kind);
      wanting.delete(seat);
      share.forget(seat);
    }
    this.#offer();
  }

  /** Calls those back who were refused, as long as there is a turn for them. */
  #offer(): void {
    // What a listener does is seen when the loop looks again.
    if (this.#isOffering) return;
    this.#isOffering = true;
    try {
      for (let next = this.#next(); next !== undefined; next = this.#next()) {
        const { seat, line } = next;
        line.wanting.delete(seat);
        seat.offer();
        if (!line.wanting.has(seat)) line.share.leave(seat);
      }
    } finally {
      this.#isOffering = false;
    }
  }

  #next(): { readonly seat: JobSeat; readonly line: Line } | undefined {
    const priority = this.#topPriority();
    if (priority === undefined) return undefined;
    for (const kind of KINDS) {
      if (!this.#hasRoom(kind, priority)) continue;
      const line = this.#lines[kind][priority];
      const seat = line.share.leastServed(this.#ready(line, kind));
      if (seat !== undefined) return { seat, line };
    }
    return undefined;
  }

  #line(seat: JobSeat, kind: TurnKind): Line {
    return this.#lines[kind][seat.priority];
  }
}

function linesByPriority(): Record<JobPriority, Line> {
  return { foreground: emptyLine(), high: emptyLine(), normal: emptyLine(), low: emptyLine() };
}

function usesByPriority(): Record<JobPriority, Use> {
  return { foreground: noUse(), high: noUse(), normal: noUse(), low: noUse() };
}

function noUse(): Use {
  return { requests: 0, blocks: 0 };
}

function emptyLine(): Line {
  return { share: new FairShare(), wanting: new Set() };
}
