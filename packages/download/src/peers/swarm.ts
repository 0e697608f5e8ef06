import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { SECOND_MS } from '@peer-cache/core';
import type { Log } from '@peer-cache/core';
import type { PeerAddress } from '@peer-cache/discovery';
import type { Ownership } from '@peer-cache/ownership';
import type { SegmentState, ToldPeer } from '@peer-cache/protocol';
import type { ContentSegment } from '../block-source.ts';
import type { Content } from '../content.ts';
import type { LoopLag } from '../loop-lag.ts';
import { Acquaintances } from './acquaintances.ts';
import type { Lookups } from './lookups.ts';
import { Member } from './member.ts';
import { Offers } from './offers.ts';
import type { Follower } from './peer-following.ts';
import type { Peer, PeerPool } from './peer-pool.ts';
import { siteOf } from './site.ts';

/** Peers that appear later, or answers that got lost, are found by asking again. */
const LOOKUP_EVERY_MS = 10 * SECOND_MS;
/** From half of that to half as much more, by the place on the ring: not all at the same moment. */
const LEAST_LOOKUP_SHARE = 0.5;
const LOST_LOOKUP_MS = 1 * SECOND_MS;
/** One packet's worth of segments; who has these is asked about the others by unicast. */
const SEGMENTS_PER_LOOKUP = 47;
/** Segments that peers are asked about at a time: those in hand, and the next. */
const SEGMENTS_PER_POLL = 8;
/** A peer that answered the lookup but not its hello is waited for so long and no longer. */
const FIRST_STATE_MS = 1 * SECOND_MS;
/** Somebody is known, but others may answer the lookup: their jitter, at most. */
const QUIET_MS = 60;
/** The first round of a lookup: whoever waits at a terminal waits no longer for an empty branch. */
const URGENT_WAIT_MS = 0.12 * SECOND_MS;

export interface SwarmParts {
  readonly lookups: Lookups;
  readonly pool: PeerPool;
  readonly ownership: Ownership;
  readonly log: Log;
  /** Whether an address that a peer told may be called: one on a link that we share on. */
  readonly mayCall: (host: string) => boolean;
}

export interface SwarmOptions {
  /** How long to wait for a first lookup. */
  readonly waitMs: number;
  /** Whether somebody waits for the content. */
  readonly isUrgent: boolean;
}

/**
 * The peers that have to do with one content: found by lookup, told of by each other or calling by
 * themselves, then kept up with. Emits 'changed' whenever what is on offer may have changed.
 */
export class Swarm extends EventEmitter<{ changed: [] }> implements AsyncDisposable {
  readonly #parts: SwarmParts;
  readonly #content: Content;
  readonly #members = new Map<Peer, { readonly member: Member; readonly following: Disposable }>();
  readonly #acquaintances: Acquaintances;
  readonly #stop = new AbortController();
  readonly #running = new Set<Promise<void>>();
  readonly #knewSomebody: boolean;
  readonly #quietUntilMs: number;
  #firstSegment = 0;
  #lookedUp = false;
  #hadMembers = false;
  #told: readonly ToldPeer[] = [];

  constructor(parts: SwarmParts, content: Content, { waitMs, isUrgent }: SwarmOptions) {
    super();
    this.#parts = parts;
    this.#content = content;
    const { place } = parts.ownership;
    this.#acquaintances = new Acquaintances({ contentId: content.id, place });
    const known = parts.lookups.known();
    this.#knewSomebody = known.length > 0;
    const isLonely = !this.#knewSomebody && parts.lookups.wasLonely;
    const quietMs = parts.lookups.isPrompt && !isLonely ? QUIET_MS : 0;
    this.#quietUntilMs = performance.now() + Math.min(waitMs, quietMs);
    for (const address of known) this.meet(address);
    this.#run(this.#lookUpAgainAndAgain());
    const patientMs = isUrgent ? Math.min(waitMs, URGENT_WAIT_MS) : waitMs;
    this.#run(this.#endFirstLookup(isLonely ? 0 : patientMs));
  }

  /** Those that may be asked now. */
  members(): Member[] {
    return this.#followed().filter(({ peer }) => peer.conduct.mayAsk(this.#content.id));
  }

  /** What they offer, and those who are worth waiting for. */
  offers(): Offers {
    const holders = this.#followed().filter((member) => member.isHolder(this.#content.id));
    return new Offers({ members: this.members(), holders });
  }

  /** Those that are there, for others to know; the same list until it changes. */
  told(): readonly ToldPeer[] {
    return this.#told;
  }

  /**
   * Whether it is known who holds what, as far as it will be soon: whoever was asked has said what
   * it has, and where nobody was known a first lookup is over. Until then the origin is left alone.
   */
  get isSettled(): boolean {
    const hasWaited = this.#knewSomebody && performance.now() >= this.#quietUntilMs;
    if (!this.#lookedUp && !hasWaited) return false;
    const patienceMs = this.#parts.pool.lag.patience(FIRST_STATE_MS);
    const latest = performance.now() - patienceMs;
    return this.members().every(({ hasAnswered, metAtMs }) => hasAnswered || metAtMs < latest);
  }

  /** How late this process is: it may be too busy to say who else is. */
  get lag(): LoopLag {
    return this.#parts.pool.lag;
  }

  /** Segments before this one are done with. */
  advanceTo(segmentIndex: number): void {
    this.#firstSegment = segmentIndex;
  }

  /** A peer at this address may have to do with the content. */
  meet(address: PeerAddress, toldId?: string): void {
    const peer = this.#parts.pool.peer(address);
    if (this.#stop.signal.aborted || peer.isSelf) return;
    const { conduct } = peer;
    if (conduct.isOut(this.#content.id) || (toldId !== undefined && conduct.waitMs > 0)) return;
    const isKept = (each: Peer): boolean => this.#members.has(each);
    if (this.#acquaintances.add(peer, toldId, isKept)) this.#choose();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    for (const { following } of this.#members.values()) following[Symbol.dispose]();
    await Promise.allSettled(this.#running);
  }

  #followed(): Member[] {
    return [...this.#members.values()].map(({ member }) => member);
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
    const quietMs = Math.max(0, this.#quietUntilMs - performance.now());
    await sleep(Math.min(quietMs, waitMs), undefined, { signal: this.#stop.signal, ref: false });
    this.emit('changed');
    await sleep(Math.max(0, waitMs - quietMs), undefined, {
      signal: this.#stop.signal,
      ref: false,
    });
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
      const segments = this.#content.segments(this.#firstSegment, SEGMENTS_PER_LOOKUP);
      const lookups = segments.map(({ keys }) => keys);
      await this.#parts.lookups.find(
        lookups,
        ({ address, holds }) => {
          if (holds === undefined || holds.length > 0) this.#found(address);
        },
        { signal },
      );
      this.#endLookup();
      await this.#untilNextLookup(signal);
      for (const address of this.#parts.lookups.known()) this.meet(address);
    }
  }

  /** A neighbour is known by one of its addresses already: link-local ones would only double it. */
  #found(address: PeerAddress): void {
    const isSecond = this.#knewSomebody && address.host.includes('%');
    if (!isSecond || this.#isKnown(address)) this.meet(address);
  }

  #isKnown({ host, port }: PeerAddress): boolean {
    const known = this.#parts.lookups.known();
    return known.some((each) => each.host === host && each.port === port);
  }

  /** Who has lost everybody, by a pulled cable perhaps, looks for them sooner. */
  async #untilNextLookup(signal: AbortSignal): Promise<void> {
    const share = LEAST_LOOKUP_SHARE + this.#parts.ownership.place / 2 ** 32;
    const everyMs = LOOKUP_EVERY_MS * share;
    for (let waitedMs = 0; waitedMs < everyMs; waitedMs += LOST_LOOKUP_MS) {
      await sleep(LOST_LOOKUP_MS, undefined, { signal, ref: false });
      if (this.#hadMembers && this.#members.size === 0) return;
    }
  }

  /** Follows those that are chosen, and no others. */
  #choose(): void {
    const chosen = this.#acquaintances.chosen();
    for (const [peer, { member, following }] of this.#members) {
      if (chosen.has(peer)) continue;
      following[Symbol.dispose]();
      this.#members.delete(peer);
      this.#forget(member);
    }
    for (const peer of chosen) if (!this.#members.has(peer)) this.#follow(peer);
  }

  #follow(peer: Peer): void {
    const member = new Member(peer, performance.now());
    const following = peer.following.follow(this.#followerOf(member));
    this.#members.set(peer, { member, following });
  }

  #followerOf(member: Member): Follower {
    const segments = (): ContentSegment[] =>
      this.#content.segments(this.#firstSegment, SEGMENTS_PER_POLL);
    return {
      segments,
      told: (segment, state) => this.#learn(member, segment, state),
      answered: (peerId) => this.#answered(member, peerId),
      lost: () => {
        member.hasAnswered = true;
        this.#forget(member);
      },
      left: () => this.#leave(member),
    };
  }

  #learn(member: Member, segment: ContentSegment, state: SegmentState): void {
    const { ownership, mayCall } = this.#parts;
    const { peerId } = member.peer;
    member.learn(segment, state);
    if (peerId !== undefined) {
      const nowMs = performance.now();
      member.neighbour ??= ownership.meet(peerId, siteOf(member.peer.address), nowMs);
      ownership.tell(member.neighbour, segment.index, state, nowMs);
    }
    for (const { host, port, peerId: toldId } of state.peers) {
      if (mayCall(host)) this.meet({ host, port }, toldId);
    }
    this.emit('changed');
  }

  #answered(member: Member, peerId: string): void {
    if (member.peer.conduct.isOut(this.#content.id)) return this.#leave(member);
    const nowMs = performance.now();
    member.neighbour?.heard(nowMs);
    if (member.hasAnswered && member.neighbour?.peerId === peerId) return;
    member.neighbour = this.#parts.ownership.meet(peerId, siteOf(member.peer.address), nowMs);
    this.#hadMembers = true;
    const isFirst = !member.hasAnswered;
    member.hasAnswered = true;
    this.#tellOthers();
    if (isFirst) this.#choose();
    this.emit('changed');
  }

  /** It is away, or not to be kept up with: what it told is void. */
  #forget(member: Member): void {
    member.offers.clear();
    if (member.neighbour !== undefined) this.#parts.ownership.lose(member.neighbour);
    member.neighbour = undefined;
    this.#tellOthers();
    this.emit('changed');
  }

  #leave(member: Member): void {
    const known = this.#members.get(member.peer);
    if (known?.member !== member) return;
    known.following[Symbol.dispose]();
    this.#members.delete(member.peer);
    this.#acquaintances.remove(member.peer);
    this.#forget(member);
    if (!this.#stop.signal.aborted) this.#choose();
  }

  #tellOthers(): void {
    this.#told = [...this.#members.values()].flatMap(({ member: { peer, neighbour } }) => {
      const { host, port, socketPath } = peer.address;
      const isTold = neighbour !== undefined && socketPath === undefined && !host.includes('%');
      return isTold ? [{ peerId: neighbour.peerId, host, port }] : [];
    });
  }
}
