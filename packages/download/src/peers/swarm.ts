import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { BlockSet, blockCount, SECOND_MS } from '@peer-cache/core';
import type { Log } from '@peer-cache/core';
import type { Finder } from '@peer-cache/discovery';
import { MOST_SEGMENTS_PER_REQUEST } from '@peer-cache/protocol';
import type { SegmentState } from '@peer-cache/protocol';
import type { ContentSegment } from '../block-source.ts';
import type { Content } from '../content.ts';
import type { Peer, PeerPool } from './peer-pool.ts';
import type { PeerSession } from './peer-session.ts';

/** How long a poll waits at a peer for news. Short, because it holds a connection meanwhile. */
const POLL_MS = 2 * SECOND_MS;
/** Peers that appear later, or answers that got lost, are found by asking again. */
const LOOKUP_EVERY_MS = 10 * SECOND_MS;
/** One packet's worth of segments; who has these is asked about the others by unicast. */
const SEGMENTS_PER_LOOKUP = 47;
/** A peer that answered the lookup but not its hello is waited for so long and no longer. */
const FIRST_STATE_MS = 1 * SECOND_MS;
const MOST_MEMBERS = 24;

export interface SwarmParts {
  readonly finder: Finder;
  readonly pool: PeerPool;
  readonly log: Log;
}

interface Offer {
  readonly blocks: BlockSet;
  readonly hasBlockHashList: boolean;
}

/** What one peer offers of a content. */
export class Member {
  readonly peer: Peer;
  /** By segment index. */
  readonly offers: Map<number, Offer> = new Map();
  readonly metAtMs: number = performance.now();
  hasAnswered = false;

  constructor(peer: Peer) {
    this.peer = peer;
  }

  hasBlock(segmentIndex: number, blockIndex: number): boolean {
    return this.offers.get(segmentIndex)?.blocks.has(blockIndex) ?? false;
  }

  /** It said it had a block and did not give it: not believed again before it says so anew. */
  strike(segmentIndex: number, blockIndex: number): void {
    this.offers.get(segmentIndex)?.blocks.delete(blockIndex);
  }
}

/**
 * The peers that hold parts of one content: found by lookup, then kept current by one long poll
 * each. Emits 'changed' whenever what is on offer may have changed.
 */
export class Swarm extends EventEmitter<{ changed: [] }> implements AsyncDisposable {
  readonly #parts: SwarmParts;
  readonly #content: Content;
  readonly #members = new Map<Peer, Member>();
  readonly #stop = new AbortController();
  readonly #running = new Set<Promise<void>>();
  #firstSegment = 0;
  #lookedUp = false;

  constructor(parts: SwarmParts, content: Content, { waitMs }: { waitMs: number }) {
    super();
    this.#parts = parts;
    this.#content = content;
    this.#run(this.#lookUpAgainAndAgain());
    this.#run(this.#endFirstLookup(waitMs));
  }

  /** Those that may be asked now. */
  members(): Member[] {
    return [...this.#members.values()].filter(({ peer }) => peer.conduct.mayAsk(this.#content.id));
  }

  /**
   * Whether it is known who holds what, as far as it will be soon: the first lookup is over and
   * whoever answered it has said what it has. Until then the origin is left alone.
   */
  get isSettled(): boolean {
    if (!this.#lookedUp) return false;
    const latest = performance.now() - FIRST_STATE_MS;
    return this.members().every(({ hasAnswered, metAtMs }) => hasAnswered || metAtMs < latest);
  }

  /** Segments before this one are done with. */
  advanceTo(segmentIndex: number): void {
    this.#firstSegment = segmentIndex;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled(this.#running);
  }

  #run(task: Promise<void>): void {
    const settled = task
      .catch((error: unknown) => {
        if (!this.#stop.signal.aborted) this.#parts.log.warn({ error }, 'swarm task failed');
      })
      .finally(() => this.#running.delete(settled));
    this.#running.add(settled);
  }

  async #endFirstLookup(waitMs: number): Promise<void> {
    await sleep(waitMs, undefined, { signal: this.#stop.signal, ref: false });
    this.#endLookup();
    // Settled by time alone from here on: whoever waits for it must look again.
    await sleep(FIRST_STATE_MS, undefined, { signal: this.#stop.signal, ref: false });
    this.emit('changed');
  }

  #endLookup(): void {
    this.#lookedUp = true;
    this.emit('changed');
  }

  async #lookUpAgainAndAgain(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await this.#lookUp(signal);
      this.#endLookup();
      await sleep(LOOKUP_EVERY_MS, undefined, { signal, ref: false });
    }
  }

  async #lookUp(signal: AbortSignal): Promise<void> {
    const segments = this.#content.segments(this.#firstSegment, SEGMENTS_PER_LOOKUP);
    const lookups = segments.map(({ keys }) => keys);
    if (lookups.length === 0) return;
    for await (const { address, holds } of this.#parts.finder.find(lookups, { signal })) {
      if (holds === undefined || holds.length > 0) this.#meet(this.#parts.pool.peer(address));
    }
  }

  #meet(peer: Peer): void {
    if (this.#members.has(peer) || this.#members.size >= MOST_MEMBERS) return;
    if (peer.conduct.isOut(this.#content.id)) return;
    const member = new Member(peer);
    this.#members.set(peer, member);
    this.#run(this.#follow(member));
  }

  /** Keeps a member's offers current until it is out, then forgets it. */
  async #follow(member: Member): Promise<void> {
    const { signal } = this.#stop;
    const { conduct, name } = member.peer;
    let failuresInARow = 0;
    while (!signal.aborted && !conduct.isOut(this.#content.id) && failuresInARow < 3) {
      try {
        using session = await member.peer.open({ signal });
        failuresInARow = 0;
        await this.#poll(member, session);
      } catch (error) {
        if (signal.aborted) break;
        failuresInARow++;
        conduct.failed(error, this.#content.id);
        this.#parts.log.debug({ peer: name, error }, 'peer failed');
        this.#forgetOffers(member);
        await sleep(Math.min(conduct.waitMs, POLL_MS), undefined, { signal, ref: false });
      }
    }
    this.#members.delete(member.peer);
    this.emit('changed');
  }

  async #poll(member: Member, session: PeerSession): Promise<void> {
    const { signal } = this.#stop;
    const { conduct } = member.peer;
    const known = new Map<number, number>();
    while (!conduct.isOut(this.#content.id)) {
      const asked = this.#content
        .segments(this.#firstSegment, MOST_SEGMENTS_PER_REQUEST)
        .map((segment) => ({ segment, knownVersion: known.get(segment.index) ?? 0 }));
      const waitMs = member.hasAnswered ? POLL_MS : 0;
      const states = await session.state(asked, { waitMs, signal });
      for (const state of states) {
        const segment = asked[state.index]?.segment;
        if (segment !== undefined) this.#learn(member, segment, state, known);
      }
      if (!member.hasAnswered || states.length > 0) {
        member.hasAnswered = true;
        this.emit('changed');
      }
    }
  }

  #learn(
    member: Member,
    segment: ContentSegment,
    state: SegmentState,
    known: Map<number, number>,
  ): void {
    known.set(segment.index, state.version);
    member.offers.set(segment.index, {
      blocks: BlockSet.fromBytes(blockCount(segment.sizeBytes), state.blocks),
      hasBlockHashList: state.hasBlockHashList,
    });
  }

  #forgetOffers(member: Member): void {
    member.offers.clear();
    member.hasAnswered = true;
    this.emit('changed');
  }
}
