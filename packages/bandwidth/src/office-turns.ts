import { SECOND_MS } from '@peer-cache/core';
import type { WanNotice } from '@peer-cache/protocol';

/** One turn, where others wait: long enough that to begin anew costs next to nothing. */
const TURN_MS = 15 * SECOND_MS;
/** Who was not heard for so long is gone; everybody tells three times as often. */
const SILENT_MS = 1.3 * SECOND_MS;
const TELL_MS = 0.4 * SECOND_MS;
/** Changes are told at once, but not one after the other. */
const LEAST_GAP_MS = 20;
/** Others are listened for so long before the first request. */
const LISTEN_MS = 200;
/** Whose turn it is, and who does not take all there is within this, leaves something. */
const BEGINS_MS = 1.5 * SECOND_MS;
/** A turn as others see it: its end is heard late, or only from the next notice. */
const SEEN_TURN_MS = 1.1 * TURN_MS;
/** Whatever the others say, somebody who wants has so much of the time: a tenth, and some more. */
const OWED_SHARE = 1 / 8.3;
/** Agents of one address: those of its users. More are taken for none. */
const MOST_PER_HOST = 4;
/** More than fetch by one way out; who asks for a flood of names gets no more of our time. */
const MOST_MEMBERS = 250;
/** A person's download is news only if none was heard of from there for so long. */
const NEWS_MS = 10 * SECOND_MS;

interface Member {
  readonly id: string;
  readonly host: string;
  notice: WanNotice;
  heardMs: number;
  /** Turns that it must have had, by what was seen since we wait ourselves. */
  seenTurns: number;
  seenMs: number;
  /** Since when it would be its turn, or fetches. */
  sinceMs: number | undefined;
}

/** What this agent does itself. */
export interface OwnUse {
  readonly wants: boolean;
  readonly isFilling: boolean;
  readonly isForeground: boolean;
  /** What the way out was found to bring at best; 0 for unknown. */
  readonly bytesPerSecond: number;
}

/**
 * Whose turn it is to fetch in the background, among the agents of a LAN that share a way out:
 * whoever had fewest turns, and the next one as well where the first leaves something. Each decides
 * for itself by what it heard, and believes no more than it saw. Pure: time comes in.
 */
export class OfficeTurns {
  readonly #selfId: string;
  readonly #members = new Map<string, Member>();
  readonly #foregroundMs = new Map<string, number>();
  #own: OwnUse = {
    wants: false,
    isFilling: false,
    isForeground: false,
    bytesPerSecond: 0,
  };
  #told = '';
  #toldMs = Number.NEGATIVE_INFINITY;
  #turns = 0;
  #wantsSinceMs = 0;
  #lookedMs = 0;
  #isFetching = false;
  /** Of the turn under way: one that is broken off goes on later, as those who see it count it. */
  #fetchedMs = 0;
  /** Time that others did not leave, though it is due. */
  #owedMs = 0;
  #takesOwed = false;

  constructor(selfId: string) {
    this.#selfId = selfId;
  }

  /** What to tell the others; undefined while there is nothing that concerns them. */
  get notice(): WanNotice | undefined {
    const { wants, isFilling, isForeground, bytesPerSecond } = this.#own;
    if (!wants && !isForeground) return undefined;
    const fetching = this.#isFetching ? 'fetching' : 'waiting';
    const use = isForeground ? 'foreground' : fetching;
    return { peerId: this.#selfId, use, turns: this.#turns, isFilling, bytesPerSecond };
  }

  /** What to tell them now: a change at once, all else now and then; undefined for nothing. */
  tell(nowMs: number): WanNotice | undefined {
    const { notice } = this;
    const text = `${notice?.use} ${notice?.turns} ${notice?.isFilling}`;
    const sinceMs = nowMs - this.#toldMs;
    if (sinceMs < LEAST_GAP_MS || (text === this.#told && sinceMs < TELL_MS)) return undefined;
    this.#told = text;
    if (notice !== undefined) this.#toldMs = nowMs;
    return notice;
  }

  /** Others that want something of the way out, as far as they were heard. */
  get others(): number {
    return this.#members.size;
  }

  /** Somebody told what it does; says whether a person's download began there. */
  hear(notice: WanNotice, host: string, nowMs: number): { readonly isNews: boolean } {
    if (notice.peerId === this.#selfId) return { isNews: false };
    if (notice.use === 'foreground') return { isNews: this.#isNews(host, nowMs) };
    const known = this.#members.get(notice.peerId);
    if (known === undefined) this.#meet(notice, host, nowMs);
    else this.#update(known, notice, nowMs);
    return { isNews: false };
  }

  /** What this agent itself does, brought up to date; says whether it may fetch. */
  look(own: OwnUse, nowMs: number): boolean {
    this.#forgetSilent(nowMs);
    this.#account(nowMs);
    if (own.wants && !this.#own.wants) this.#join(nowMs);
    this.#own = own;
    this.#isFetching = own.wants && this.#mayFetch(nowMs);
    return own.wants ? this.#isFetching : this.#isFree();
  }

  #mayFetch(nowMs: number): boolean {
    const isListening = nowMs - this.#wantsSinceMs < LISTEN_MS;
    const inOrder = this.#inOrder();
    this.#catchUp(inOrder, isListening ? 0 : 1);
    if (isListening) return false;
    if (this.#takesOwed) return true;
    for (const member of inOrder) {
      if (this.#isBefore(member) && this.#holds(member, nowMs)) return false;
    }
    return true;
  }

  /** Nobody is so far behind the others: who seems so had not heard of them, or saves turns up. */
  #catchUp(inOrder: readonly Member[], behind: number): void {
    // The one in the middle: a single one may say what it likes.
    const middle = inOrder[(inOrder.length - 1) >> 1];
    if (middle !== undefined) this.#count(Math.max(0, this.#aheadOf(middle) - behind));
  }

  /** Whether there is nothing left for who comes after it. */
  #holds(member: Member, nowMs: number): boolean {
    const { use, isFilling } = member.notice;
    member.sinceMs ??= nowMs;
    return (use === 'fetching' && isFilling) || nowMs - member.sinceMs < BEGINS_MS;
  }

  /** Counts the time since the last look, in which all was as it was then. */
  #account(nowMs: number): void {
    const ms = Math.min(nowMs - this.#lookedMs, SILENT_MS);
    this.#lookedMs = nowMs;
    if (!this.#own.wants) return;
    const fetchedMs = this.#isFetching ? ms : 0;
    this.#owedMs = Math.max(0, this.#owedMs + ms * OWED_SHARE - fetchedMs);
    this.#takesOwed = this.#owedMs > (this.#takesOwed ? 0 : TURN_MS);
    this.#fetchedMs += fetchedMs;
    if (this.#fetchedMs < TURN_MS) return;
    this.#fetchedMs -= TURN_MS;
    // Whoever is alone saves nothing up, and pays for nothing.
    if (this.#members.size > 0) this.#count(1);
  }

  /** Counts on after 2^32 from 0: whatever number somebody told, there is a next one. */
  #count(turns: number): void {
    this.#turns = (this.#turns + turns) >>> 0;
  }

  /**
   * How many turns more than this agent it had: as it says, but not fewer than were seen; one that
   * is under way is not counted.
   */
  #aheadOf({ notice, seenTurns, seenMs }: Member): number {
    const seen = Math.floor(seenMs / SEEN_TURN_MS) - 1;
    return Math.max((notice.turns - this.#turns) | 0, ((seenTurns - this.#turns) | 0) + seen);
  }

  #isBefore(member: Member): boolean {
    const ahead = this.#aheadOf(member);
    return ahead < 0 || (ahead === 0 && member.id < this.#selfId);
  }

  #inOrder(): Member[] {
    return [...this.#members.values()].toSorted(
      (a, b) => this.#aheadOf(a) - this.#aheadOf(b) || (a.id < b.id ? -1 : 1),
    );
  }

  /** Nobody fetches who would leave nothing. */
  #isFree(): boolean {
    return ![...this.#members.values()].some(
      ({ notice }) => notice.use === 'fetching' && notice.isFilling,
    );
  }

  #join(nowMs: number): void {
    this.#wantsSinceMs = nowMs;
    for (const member of this.#members.values()) {
      member.seenTurns = member.notice.turns;
      member.seenMs = 0;
    }
  }

  #meet(notice: WanNotice, host: string, nowMs: number): void {
    let count = 0;
    for (const each of this.#members.values()) if (each.host === host) count++;
    if (count >= MOST_PER_HOST || this.#members.size >= MOST_MEMBERS) return;
    const seen = { seenTurns: notice.turns, seenMs: 0, sinceMs: undefined };
    this.#members.set(notice.peerId, { id: notice.peerId, host, notice, heardMs: nowMs, ...seen });
  }

  #update(member: Member, notice: WanNotice, nowMs: number): void {
    if (member.notice.use === 'fetching' && this.#own.wants) {
      member.seenMs += nowMs - member.heardMs;
    }
    const isFetching = notice.use === 'fetching';
    if (notice.use !== member.notice.use) member.sinceMs = isFetching ? nowMs : undefined;
    member.notice = notice;
    member.heardMs = nowMs;
  }

  #forgetSilent(nowMs: number): void {
    for (const [id, { heardMs }] of this.#members) {
      if (nowMs - heardMs > SILENT_MS) this.#members.delete(id);
    }
  }

  #isNews(host: string, nowMs: number): boolean {
    const before = this.#foregroundMs.get(host) ?? Number.NEGATIVE_INFINITY;
    if (this.#foregroundMs.size > 1000) this.#foregroundMs.clear();
    this.#foregroundMs.set(host, nowMs);
    return nowMs - before > NEWS_MS;
  }
}
