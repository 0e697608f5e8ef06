import type { Neighbour, Standing, Claim } from '@peer-cache/ownership';
import { bitsOf, countBlocks, firstBlocks } from './block-bits.ts';
import type { RunBits } from './block-bits.ts';
import type { SimulatedPeer } from './simulated-peer.ts';

const MOST_REQUESTS = 2;
/** A peer that does not answer a request is asked again elsewhere. */
const PATIENCE_MS = 2000;

export interface SegmentNews {
  readonly segmentIndex: number;
  readonly told: { readonly standing: Standing; readonly claims: readonly Claim[] };
  /** More than progress. */
  readonly isNew: boolean;
}

/** What one peer tells another. */
export interface News {
  readonly blocks: readonly (readonly [runNumber: number, bits: number])[];
  readonly segments: readonly SegmentNews[];
  readonly peers: readonly SimulatedPeer[];
}

interface BlockRequest {
  readonly runNumber: number;
  bits: number;
}

/** A peer that keeps up with another, and gets blocks from it. */
export class Link {
  readonly watcher: SimulatedPeer;
  readonly teller: SimulatedPeer;
  readonly told: RunBits;
  readonly #requests = new Set<BlockRequest>();
  #neighbour: Neighbour | undefined;
  /** Runs that may have blocks which the watcher wants. */
  #queue: number[] = [];
  #next = 0;
  #isOver = false;
  #heardMs = 0;

  constructor(watcher: SimulatedPeer, teller: SimulatedPeer) {
    this.watcher = watcher;
    this.teller = teller;
    this.told = new Uint16Array(watcher.branch.content.runCount);
  }

  get hasAnswered(): boolean {
    return this.#neighbour !== undefined;
  }

  /** The first answer. */
  begin(news: News): void {
    if (this.#isOver) return;
    const { ownership, branch } = this.watcher;
    this.#neighbour = ownership.meet(this.teller.peerId, this.teller.site, branch.time.nowMs);
    this.teller.telling.watchers.add(this);
    this.hear(news);
    this.watcher.acquaintances.changed();
    this.watcher.originWork.look();
  }

  hear({ blocks, segments, peers }: News): void {
    if (this.#isOver || this.#neighbour === undefined) return;
    const { ownership, branch, blocks: held, acquaintances, originWork } = this.watcher;
    let mayChoose = false;
    for (const [runNumber, bits] of blocks) {
      this.told[runNumber] = bitsOf(this.told, runNumber) | bits;
      if (held.hear(runNumber, bits)) mayChoose = true;
      if (held.wanted(runNumber, bits) !== 0) this.#queue.push(runNumber);
    }
    for (const { segmentIndex, told, isNew } of segments) {
      ownership.tell(this.#neighbour, segmentIndex, told, branch.time.nowMs);
      if (isNew) mayChoose = true;
    }
    for (const peer of peers) acquaintances.learn(peer);
    this.#ask();
    if (mayChoose) originWork.look();
  }

  /** Later, but in the order in which it was told. */
  hearAt(atMs: number, news: News): void {
    this.#heardMs = Math.max(this.#heardMs, atMs);
    this.watcher.branch.time.at(this.#heardMs, () => this.hear(news));
  }

  /** A poll without news. */
  hearNothing(): void {
    if (
      this.#isOver ||
      !this.teller.isPresent ||
      !this.watcher.branch.reaches(this.watcher, this.teller)
    )
      return;
    this.#neighbour?.heard(this.watcher.branch.time.nowMs);
  }

  /** Blocks of the run that were asked for elsewhere will not come from there. */
  retry(runNumber: number): void {
    if (this.watcher.blocks.wanted(runNumber, bitsOf(this.told, runNumber)) === 0) return;
    this.#queue.push(runNumber);
    this.#ask();
  }

  end(): void {
    this.#isOver = true;
    this.teller.telling.watchers.delete(this);
    if (this.#neighbour !== undefined) this.watcher.ownership.lose(this.#neighbour);
    for (const request of this.#requests) this.#giveUp(request);
  }

  #ask(): void {
    const { blocks, branch, host } = this.watcher;
    while (this.#requests.size < MOST_REQUESTS && this.#next < this.#queue.length) {
      const runNumber = this.#queue[this.#next++] ?? 0;
      const bits = blocks.wanted(runNumber, bitsOf(this.told, runNumber));
      if (bits === 0) continue;
      blocks.ask(runNumber, bits);
      const request = { runNumber, bits };
      this.#requests.add(request);
      for (let left = bits; left !== 0;) {
        const part = firstBlocks(left, branch.lan.blocksPerPart);
        left &= ~part;
        const atMs = branch.lan.arrivalMs(this.teller.host, host, countBlocks(part));
        branch.time.at(atMs, () => this.#came(request, part));
      }
    }
    if (this.#next < this.#queue.length) return;
    this.#queue = [];
    this.#next = 0;
  }

  #came(request: BlockRequest, part: number): void {
    if (!this.#requests.has(request)) return;
    const { branch, ownership } = this.watcher;
    if (!this.teller.isPresent || !branch.reaches(this.watcher, this.teller)) {
      branch.time.after(PATIENCE_MS, () => this.#giveUp(request));
      return;
    }
    if (this.#neighbour !== undefined) ownership.delivered(this.#neighbour);
    request.bits &= ~part;
    if (request.bits === 0) this.#requests.delete(request);
    this.watcher.take(request.runNumber, part, { isFromOrigin: false });
    this.#ask();
  }

  #giveUp(request: BlockRequest): void {
    if (!this.#requests.delete(request)) return;
    this.watcher.blocks.unask(request.runNumber, request.bits);
    this.watcher.retry(request.runNumber);
  }
}
