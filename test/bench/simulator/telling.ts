import { bitsOf } from './block-bits.ts';
import type { RunBits } from './block-bits.ts';
import { segmentOf } from './content.ts';
import type { Link, News, SegmentNews } from './link.ts';
import type { SimulatedPeer } from './simulated-peer.ts';

/** An answer comes no sooner after the last; the more wait for it, the later. */
const INTERVAL_MS = 50;
const UNCROWDED = 8;
/** What need not be known at once. */
const UNHURRIED_MS = 300;

/**
 * What a peer tells those who watch it: long polls that are answered soon after a claim or a block
 * from the origin, and after a while for all else. All watchers are answered together.
 */
export class Telling {
  readonly watchers: Set<Link> = new Set();
  readonly #peer: SimulatedPeer;
  readonly #fresh: RunBits;
  #freshRuns: number[] = [];
  /** By segment, whether claims began or ended. */
  #segments = new Map<number, boolean>();
  #peersChanged = false;
  #lastMs = Number.NEGATIVE_INFINITY;
  #dueMs = Infinity;
  /** Answers given, over all watchers. */
  sent = 0;

  constructor(peer: SimulatedPeer) {
    this.#peer = peer;
    this.#fresh = new Uint16Array(peer.branch.content.runCount);
  }

  /** Blocks are here. */
  held(runNumber: number, bits: number, { isUrgent }: { readonly isUrgent: boolean }): void {
    const before = bitsOf(this.#fresh, runNumber);
    if (before === 0) this.#freshRuns.push(runNumber);
    this.#fresh[runNumber] = before | bits;
    this.#schedule(isUrgent);
  }

  /** A claim began or ended. */
  claimed(runNumber: number): void {
    this.#segments.set(segmentOf(runNumber), true);
    this.#schedule(true);
  }

  /** Bytes came under a claim. */
  progressed(runNumber: number): void {
    const segmentIndex = segmentOf(runNumber);
    this.#segments.set(segmentIndex, this.#segments.get(segmentIndex) ?? false);
    this.#schedule(false);
  }

  /** This peer's part in a segment is another. */
  stands(segmentIndex: number, { isUrgent }: { readonly isUrgent: boolean }): void {
    this.#segments.set(segmentIndex, true);
    this.#schedule(isUrgent);
  }

  acquainted(): void {
    this.#peersChanged = true;
    this.#schedule(false);
  }

  /** All there is to tell, for who watches from now on. */
  everything(): News {
    const { blocks, branch, acquaintances } = this.#peer;
    const segments = Array.from({ length: branch.content.segmentCount }, (_, index) => index);
    return {
      blocks: [...blocks.have.entries()].filter(([, bits]) => bits !== 0),
      segments: segments.map((index) => this.#segment(index, true)),
      peers: acquaintances.told(),
    };
  }

  #schedule(isUrgent: boolean): void {
    if (this.watchers.size === 0) {
      this.#clear();
      return;
    }
    const { time } = this.#peer.branch;
    const crowd = Math.max(1, this.watchers.size / UNCROWDED);
    const soonestMs = this.#lastMs + INTERVAL_MS * crowd;
    const dueMs = Math.ceil(Math.max(soonestMs, time.nowMs + (isUrgent ? 0 : UNHURRIED_MS)));
    if (dueMs >= this.#dueMs) return;
    this.#dueMs = dueMs;
    time.at(dueMs, () => {
      if (this.#dueMs === dueMs) this.#tell();
    });
  }

  #tell(): void {
    const { branch, acquaintances, isPresent } = this.#peer;
    this.#dueMs = Infinity;
    this.#lastMs = branch.time.nowMs;
    const news = {
      blocks: this.#freshRuns.map((run): [number, number] => [run, bitsOf(this.#fresh, run)]),
      segments: [...this.#segments].map(([index, isNew]) => this.#segment(index, isNew)),
      peers: this.#peersChanged ? acquaintances.told() : [],
    };
    this.#clear();
    if (!isPresent) return;
    const watchers = [...this.watchers];
    this.sent += watchers.length;
    const delayMs = branch.settings.lanLatencyMs + branch.lateMs();
    branch.time.after(delayMs, () => this.#reach(watchers, news));
  }

  #reach(watchers: readonly Link[], news: News): void {
    const { branch } = this.#peer;
    for (const watcher of watchers) {
      const lateMs = branch.lateMs();
      if (lateMs === 0) watcher.hear(news);
      else watcher.hearAt(branch.time.nowMs + lateMs, news);
    }
  }

  #segment(segmentIndex: number, isNew: boolean): SegmentNews {
    const standing = this.#peer.standingIn(segmentIndex);
    const claims = this.#peer.ownership.claimsOf(segmentIndex);
    return { segmentIndex, told: { standing, claims }, isNew };
  }

  #clear(): void {
    for (const run of this.#freshRuns) this.#fresh[run] = 0;
    this.#freshRuns = [];
    this.#segments = new Map();
    this.#peersChanged = false;
  }
}
