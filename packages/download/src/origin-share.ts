import type { Turn } from '@peer-cache/bandwidth';
import { SECOND_MS } from '@peer-cache/core';
import {
  placeOfRun,
  ringDistance,
  RUN_BLOCKS,
  RUNS_PER_SEGMENT,
  WINDOW_RUNS,
} from '@peer-cache/ownership';
import type { Board, Choice, OpenRun, Ownership, Posting } from '@peer-cache/ownership';
import type { Standing } from '@peer-cache/protocol';
import type { Content } from './content.ts';
import { OriginPulse } from './origin-pulse.ts';
import type { Origins } from './origin/origins.ts';
import type { Offers } from './peers/offers.ts';
import type { Swarm } from './peers/swarm.ts';
import { Postings } from './postings.ts';
import type { Share } from './share.ts';
import type { Work, WorkRun } from './work.ts';

/** Requests to the origin at a time, where others fetch other runs: two keep the line full. */
const FLIGHTS_IN_SWARM = 2;
/** Who is still alone by then is taken to be alone, and fetches in the content's order. */
const ALONE_AFTER_MS = 1 * SECOND_MS;
/** A turn that is refused for so long is somebody else's: others may own the runs. */
const REFUSED_MS = 1 * SECOND_MS;

export interface ShareParts {
  readonly board: Board;
  readonly ownership: Ownership;
  readonly swarm: Swarm;
  readonly content: Content;
  readonly work: Work;
  readonly origins: Origins;
  readonly turn: Turn;
  /** Whether a run is awaited from the peer that claims it: it is on its way to nobody else here. */
  readonly isAwaited: (runNumber: number) => boolean;
  /** Whether others can take from here what this transfer fetches. */
  readonly isServing: () => boolean;
}

/** What of a content is not to be fetched, or not yet. */
export interface ShareBounds {
  /** Blocks of a segment from this one on are not wanted yet. */
  readonly endBlockOf: (segmentIndex: number) => number;
  /** A bitmap of the blocks that are on this machine; undefined where none are. */
  readonly storedOf: (segmentIndex: number) => Uint8Array | undefined;
  readonly offers: Offers;
}

/** What a transfer fetches from the origin while others fetch the same content, and tells them of it. */
export class OriginShare implements Disposable {
  readonly pulse: OriginPulse = new OriginPulse();
  readonly #parts: ShareParts;
  readonly #postings: Postings;
  readonly #places = new Map<number, readonly number[]>();
  readonly #startedMs = performance.now();
  #refusedSinceMs: number | undefined;
  #refrainsSinceMs: number | undefined;

  constructor(parts: ShareParts) {
    this.#parts = parts;
    const { board, ownership, swarm, content } = parts;
    ownership.standing = this.#standing();
    const posting: Omit<Posting, 'segment' | 'isComing'> = {
      peers: () => swarm.told(),
      called: (address) => swarm.meet(address),
    };
    this.#postings = new Postings({ board, content, posting, ownership });
  }

  /** Segments before this one are done with. */
  advanceTo(segmentIndex: number): void {
    this.#postings.advanceTo(segmentIndex);
  }

  /** Requests that may be under way now. */
  get mostFlights(): number {
    const { origins } = this.#parts;
    return this.#isAlone ? origins.mostRuns : Math.min(FLIGHTS_IN_SWARM, origins.mostRuns);
  }

  /** Whether it is this agent's turn, among those of the same network. */
  get mayFetch(): boolean {
    return this.#parts.turn.pacing?.mayFetch() ?? true;
  }

  /** Since when it is others' turn; undefined while it is this agent's. */
  get refrainsSinceMs(): number | undefined {
    this.#refrainsSinceMs = this.mayFetch
      ? undefined
      : (this.#refrainsSinceMs ?? performance.now());
    return this.#refrainsSinceMs;
  }

  /** Whether somebody else may bring what this peer can't. */
  get hasHelp(): boolean {
    const { ownership, work } = this.#parts;
    for (const segmentIndex of work.segments()) {
      if (ownership.hasOthers(segmentIndex)) return true;
    }
    return false;
  }

  /** Says how the own turn stands: what can't be fetched now is others' to fetch. */
  turnWasRefused(isRefused: boolean): void {
    if (!isRefused) this.#refusedSinceMs = undefined;
    else this.#refusedSinceMs ??= performance.now();
  }

  /** Brings up to date what others are told. */
  look(): void {
    const { ownership } = this.#parts;
    const standing = this.#standing();
    if (standing === ownership.standing) return;
    ownership.standing = standing;
    this.#postings.allChanged();
  }

  /** What to fetch next; undefined while it is others' to fetch. */
  next(bounds: ShareBounds): Share | undefined {
    const { ownership, origins, swarm } = this.#parts;
    if (!this.mayFetch) {
      if (!this.hasHelp) this.#parts.turn.pacing?.want();
      return undefined;
    }
    const open = this.#openRuns(bounds);
    const nowMs = performance.now();
    if (origins.isTroubled) return this.#probe(open);
    const first = this.#isAlone
      ? open.find(({ number }) => !ownership.hasClaim(number))
      : undefined;
    const choice: Choice | undefined =
      first === undefined
        ? ownership.choose(open, {
            nowMs,
            isWanAlive: this.pulse.isAlive(nowMs) && !swarm.lag.isBusy,
          })
        : { run: first, kind: 'own' };
    if (choice === undefined) return undefined;
    const { run, kind } = choice;
    const most = this.pulse.blocksAtATime;
    return {
      run,
      kind,
      isProbe: false,
      asked: { ...runOf(run.number), count: Math.min(most, RUN_BLOCKS) },
    };
  }

  /** A request for it begins, for these of its blocks. */
  begin({ run, kind, isProbe }: Share, asked: WorkRun): void {
    this.pulse.begin();
    if (isProbe) return;
    this.#postings.coming(asked.segmentIndex, blocksOf(asked));
    this.#parts.ownership.claim(run.number, kind, performance.now());
    this.#postings.changed(segmentOf(run.number), { isUrgent: true });
  }

  received({ run }: Share, bytes: number): void {
    this.pulse.received(bytes);
    this.#parts.ownership.received(run.number, bytes);
    this.#postings.progressed(segmentOf(run.number));
  }

  /** The request for it is over, without these blocks that it was to bring. */
  end({ run }: Share, missing: readonly number[]): void {
    const segmentIndex = segmentOf(run.number);
    this.pulse.end();
    this.#parts.ownership.release(run.number, performance.now());
    this.#postings.came(this.#nameOf(segmentIndex), missing);
    this.#postings.changed(segmentIndex, { isUrgent: missing.length > 0 });
  }

  /** Whether a run, of which so many blocks are still to come, has to be left to another peer. */
  mustYield({ run, isProbe }: Share, leftBlocks: number): boolean {
    return !isProbe && this.#parts.ownership.mustYield(run, leftBlocks);
  }

  /** Without it nobody can do anything with blocks: others should know at once. */
  listKept(segmentIndex: number): void {
    this.#postings.changed(segmentIndex, { isUrgent: true });
  }

  /** Blocks that came from the origin are in the store now. */
  stored(segmentId: Uint8Array, blocks: readonly number[]): void {
    this.#postings.came(nameOf(segmentId), blocks);
  }

  [Symbol.dispose](): void {
    this.#postings[Symbol.dispose]();
  }

  get #isAlone(): boolean {
    if (performance.now() - this.#startedMs < ALONE_AFTER_MS) return false;
    return !this.hasHelp;
  }

  #standing(): Standing {
    const { origins, turn } = this.#parts;
    const { isServing } = this.#parts;
    const isRefused =
      this.#refusedSinceMs !== undefined && performance.now() - this.#refusedSinceMs > REFUSED_MS;
    // What others can't take from here is better fetched by them.
    if (!isServing() && this.hasHelp) return 'waiting';
    if (!this.mayFetch) return 'waiting';
    if (isRefused || origins.isTroubled || origins.failure !== undefined) return 'waiting';
    return turn.isUrgent ? 'foreground' : 'background';
  }

  /** The runs of which there are blocks that nobody known has, in the content's order. */
  #openRuns({ endBlockOf, storedOf, offers }: ShareBounds): OpenRun[] {
    const { work, content, ownership } = this.#parts;
    const open: OpenRun[] = [];
    for (const segmentIndex of work.segments()) {
      const others = [offers.unionOf(segmentIndex), storedOf(segmentIndex)];
      const endBlock = Math.min(content.blockCount(segmentIndex), endBlockOf(segmentIndex));
      const runs = Math.ceil(endBlock / RUN_BLOCKS);
      for (let runIndex = 0; runIndex < runs; runIndex++) {
        const number = segmentIndex * RUNS_PER_SEGMENT + runIndex;
        const withTaken = ownership.hasClaim(number) || this.#parts.isAwaited(number);
        const firstBlock = runIndex * RUN_BLOCKS;
        const count = Math.min(RUN_BLOCKS, endBlock - firstBlock);
        const run = { segmentIndex, firstBlock, count };
        const leftBlocks = work.leftOf(run, others, { withTaken });
        if (leftBlocks === 0) continue;
        const place = this.#placeOf(segmentIndex, runIndex);
        open.push({ number, place, blockCount: count, leftBlocks });
        if (open.length === WINDOW_RUNS) return open;
      }
    }
    return open;
  }

  /** Each tries with another block: when the line is back, all of them come at once. */
  #probe(open: readonly OpenRun[]): Share | undefined {
    const { ownership } = this.#parts;
    if (this.pulse.underWay > 0) return undefined;
    const wayTo = ({ place }: OpenRun): number => ringDistance(ownership.place, place);
    const [run] = open
      .filter(({ number }) => ownership.claimOn(number) === undefined)
      .toSorted((a, b) => wayTo(a) - wayTo(b));
    return run && { run, kind: 'own', isProbe: true, asked: { ...runOf(run.number), count: 1 } };
  }

  #nameOf(segmentIndex: number): string {
    return nameOf(this.#parts.content.segment(segmentIndex).keys.segmentId);
  }

  #placeOf(segmentIndex: number, runIndex: number): number {
    const places = this.#places.get(segmentIndex) ?? this.#placesOf(segmentIndex);
    return places[runIndex] ?? 0;
  }

  #placesOf(segmentIndex: number): readonly number[] {
    const { segmentId } = this.#parts.content.segment(segmentIndex).keys;
    const places = Array.from({ length: RUNS_PER_SEGMENT }, (_, runIndex) =>
      placeOfRun(segmentId, runIndex),
    );
    this.#places.set(segmentIndex, places);
    return places;
  }
}

function nameOf(segmentId: Uint8Array): string {
  return Buffer.from(segmentId).toString('hex');
}

function blocksOf({ firstBlock, count }: WorkRun): number[] {
  return Array.from({ length: count }, (_, index) => firstBlock + index);
}

function segmentOf(runNumber: number): number {
  return Math.floor(runNumber / RUNS_PER_SEGMENT);
}

function runOf(runNumber: number): WorkRun {
  const firstBlock = (runNumber % RUNS_PER_SEGMENT) * RUN_BLOCKS;
  return { segmentIndex: segmentOf(runNumber), firstBlock, count: RUN_BLOCKS };
}
