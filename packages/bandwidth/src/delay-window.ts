import { KIB, SECOND_MS } from '@peer-cache/core';
import type { YieldReason } from '@peer-cache/protocol';
import { BaseDelay } from './base-delay.ts';
import { Capacity } from './capacity.ts';
import { Draining } from './draining.ts';
import { ForeignTraffic } from './foreign-traffic.ts';
import { OwnRate } from './own-rate.ts';
import { Pieces } from './pieces.ts';
import type { Piece } from './pieces.ts';
import { Round } from './round.ts';
import { StandingBack } from './standing-back.ts';
import {
  boundedWindow,
  factorOf,
  MOST_FACTOR,
  mostWindow,
  pieceBytes,
  queueTargetMs,
} from './window-size.ts';

const MOST_REQUESTS = 8;
const FIRST_WINDOW_BYTES = 24 * KIB;
/** What is tried while others use the link: of use, too, but no burden. */
const PROBE_BYTES = 4 * KIB;

/** The own rate is what came in so long. */
const RATE_MS = 150;
/** Senders that were idle take some round trips until they are as fast as they can. */
const RAMP_WAYS = 6;
/** A window that is all that the rate allows is as large as can be, unless the rate still grows. */
const GROWING = 1.1;

/** Who had nothing to ask for so long begins anew: what was true of the link may not be. */
const IDLE_MS = 500;
/** A link that was filled so lately leaves nothing for others. */
const FULL_MS = 1.5 * SECOND_MS;

/** Of what fills the link: such a window grows fast, as long as there is no queue. */
const SMALL = 0.75;
/** Of what is known to fill the link, to begin with. */
const RETURN_SHARE = 0.5;

type Phase = 'starting' | 'steady' | 'draining' | 'yielding';

/**
 * How many bytes may be asked of an origin at a time, so that nobody else on the way notices: a
 * window that is scaled by the delay of first bytes, of the family of LEDBAT (RFC 6817) on the
 * receiver's side (RFC 9840). It goes down to nothing when others use the link: they are known by
 * delay that the own requests do not explain, and by a share that is missing. Pure: time comes in.
 */
export class DelayWindow {
  readonly #base = new BaseDelay();
  readonly #capacity = new Capacity();
  readonly #rate = new OwnRate();
  readonly #pieces = new Pieces();
  #phase: Phase = 'starting';
  #windowBytes = FIRST_WINDOW_BYTES;
  #round: Round | undefined;
  #queueMs = 0;
  #lastRate = 0;
  readonly #foreign = new ForeignTraffic();
  readonly #standingBack = new StandingBack();
  #isFull = false;
  #fullMs = 0;
  readonly #draining = new Draining();
  #resumedMs = 0;
  #reason: YieldReason = 'delay';

  /** Why it yields; undefined while it does not. */
  get yieldsFor(): YieldReason | undefined {
    return this.#phase === 'yielding' ? this.#reason : undefined;
  }

  get windowBytes(): number {
    return this.#phase === 'yielding' ? 0 : Math.round(this.#windowBytes);
  }

  get queueMs(): number {
    return this.#queueMs;
  }

  get baseMs(): number | undefined {
    return this.#base.ms;
  }

  /** What the link brings at best, in bytes per ms; undefined while nothing has shown it. */
  get capacityBytesPerMs(): number | undefined {
    return this.#capacity.provenBytesPerMs;
  }

  /** Others say what the link brings. */
  suppose(bytesPerMs: number): void {
    this.#capacity.suppose(bytesPerMs);
  }

  /** For how many bytes a request may be sent now, by who has work for it; 0 for none. */
  mayAsk(nowMs: number): number {
    this.#turnRound(nowMs);
    if (this.#phase !== 'yielding') this.#lookFirst(nowMs);
    const nextMs = this.nextMs() ?? Infinity;
    if (this.#phase === 'yielding') return nowMs >= nextMs ? PROBE_BYTES : 0;
    if (this.#phase === 'steady' && this.#draining.isDue(nowMs)) this.#drain(nowMs);
    const windowBytes = this.#phase === 'draining' ? this.#draining.windowBytes : this.#windowBytes;
    const bytes = pieceBytes(windowBytes);
    const hasRoom =
      this.#pieces.count === 0 ||
      (this.#pieces.count < MOST_REQUESTS && this.#pieces.leftBytes + bytes <= windowBytes);
    if (!hasRoom) this.#round?.wasRefused();
    return hasRoom ? bytes : 0;
  }

  /** When to look again although nothing happens; undefined where only events matter. */
  nextMs(): number | undefined {
    const isTrying = this.#phase === 'yielding' && this.#pieces.count === 0;
    return isTrying ? this.#standingBack.nextTryMs : undefined;
  }

  /** A request is sent. */
  ask(bytes: number, nowMs: number): Piece {
    const piece = this.#pieces.ask(bytes, nowMs);
    this.#round ??= new Round(nowMs);
    this.#round.asked(this.#pieces.leftBytes);
    return piece;
  }

  /** It went out only now. */
  sent(piece: Piece, nowMs: number): void {
    if (!piece.hasBegun) piece.askedMs = nowMs;
  }

  /** The first bytes of its answer came, `lateMs` ago: who reads them has much to do. */
  began(piece: Piece, nowMs: number, lateMs = 0): void {
    if (piece.hasBegun) return;
    piece.hasBegun = true;
    const readMs = nowMs - piece.askedMs;
    // The least is that of a moment with nothing else to do: what was late is not in it.
    this.#base.note(readMs, nowMs);
    const delayMs = Math.max(this.#base.ms ?? readMs, readMs - lateMs);
    if (this.#phase === 'yielding') this.#tried(piece, delayMs, nowMs);
    else if (this.#phase === 'draining') this.#drained(piece, nowMs);
    else this.#round?.sampled(piece.askedMs, delayMs);
    this.#turnRound(nowMs);
  }

  came(piece: Piece, bytes: number, nowMs: number): void {
    this.#pieces.came(piece, bytes);
    this.#rate.note(bytes, nowMs);
  }

  /** It has ended, whole or not; false if it had before. */
  ended(piece: Piece, nowMs: number): boolean {
    return this.#pieces.ended(piece, nowMs);
  }

  /** Somebody says that others use the link: believed where there is a queue. */
  makeWay(reason: YieldReason, nowMs: number): void {
    if (this.#phase !== 'yielding' && this.#queueMs > this.#targetMs / 2) {
      this.#yield(reason, nowMs);
    }
  }

  /** Whether it takes all that there is, or can't tell yet: a second one would get nothing. */
  isFilling(nowMs: number): boolean {
    return this.#phase === 'yielding' || nowMs - this.#fullMs < FULL_MS;
  }

  /** What fills the link, with half of the queue that is aimed at; 0 while that is unknown. */
  get #fillingBytes(): number {
    const capacity = this.#capacity.bytesPerMs ?? 0;
    return capacity * ((this.#base.ms ?? 0) + this.#targetMs / 2);
  }

  get #targetMs(): number {
    return queueTargetMs(this.#capacity.bytesPerMs);
  }

  /** Ends the round when it has lasted long enough to tell something. */
  #turnRound(nowMs: number): void {
    const round = this.#round;
    const baseMs = this.#base.ms;
    if (round === undefined || this.#phase === 'yielding' || this.#phase === 'draining') return;
    if (this.#pieces.count === 0 && round.leastDelayMs === undefined) {
      this.#round = undefined;
      return;
    }
    const delayMs = round.leastDelayMs ?? this.#overdueMs(nowMs);
    if (baseMs === undefined || delayMs === undefined) return;
    if (!round.isOver(nowMs, baseMs + this.#queueMs)) return;
    this.#queueMs = Math.max(0, delayMs - baseMs);
    this.#judge(round, baseMs, nowMs);
    this.#round = new Round(nowMs);
    this.#round.asked(this.#pieces.leftBytes);
  }

  /** How long the oldest request is unanswered, where that alone says that there is a queue. */
  #overdueMs(nowMs: number): number | undefined {
    const usualMs = (this.#base.ms ?? Infinity) + this.#queueMs + 4 * this.#targetMs;
    const ageMs = this.#pieces.unansweredMs(nowMs);
    return ageMs > usualMs ? ageMs : undefined;
  }

  #judge(round: Round, baseMs: number, nowMs: number): void {
    const rate = this.#rate.over(RATE_MS, nowMs);
    const mostBytes = mostWindow(rate, baseMs + this.#targetMs);
    // What came before the last pause ended says nothing.
    const isTelling = nowMs - this.#resumedMs > RATE_MS + RAMP_WAYS * baseMs + this.#queueMs;
    const hasQueue = this.#queueMs > this.#targetMs / 2;
    // Where each flow has a queue of its own, or there is hardly any buffer, no delay says so.
    const isCapped = isTelling && this.#windowBytes >= 0.9 * mostBytes;
    if (hasQueue || isCapped) this.#isFull = true;
    if (hasQueue && round.isLimited) this.#fullMs = nowMs;
    const isGrowing = rate > GROWING * this.#lastRate;
    const delays = { baseMs, queueMs: this.#queueMs, targetMs: this.#targetMs };
    const own = {
      windowBytes: this.#windowBytes,
      rate,
      isTelling: isTelling && this.#isFull,
    };
    const reason = this.#foreign.judge({ ...delays, ...own, round, capacity: this.#capacity });
    if (reason !== undefined) return this.#yield(reason, nowMs);
    if (round.isLimited && (hasQueue || isCapped)) this.#capacity.filled(this.#rate, nowMs);
    else this.#capacity.left();
    if (hasQueue || (isCapped && !isGrowing)) this.#phase = 'steady';
    this.#lastRate = rate;
    this.#scale(round, baseMs, isTelling ? mostBytes : Math.max(mostBytes, this.#fillingBytes));
  }

  /** Who begins in the middle of somebody's download is a burden at once: a few tries come first. */
  #lookFirst(nowMs: number): void {
    const isNew = this.#base.ms === undefined && this.#pieces.count === 0;
    // Others who say what the link brings use it.
    if (this.#pieces.idleMs(nowMs) <= IDLE_MS && !(isNew && this.#capacity.isHearsay)) return;
    this.#standingBack.look(nowMs);
    this.#phase = 'yielding';
    this.#round = undefined;
  }

  /** Asks for less than fills the link until a request has met no queue of its own. */
  #drain(nowMs: number): void {
    const baseMs = this.#base.ms ?? 0;
    this.#phase = 'draining';
    const fillingBytes = (this.#capacity.bytesPerMs ?? 0) * baseMs;
    this.#draining.begin(fillingBytes, baseMs + this.#queueMs + this.#targetMs, nowMs);
  }

  #drained({ askedMs }: Piece, nowMs: number): void {
    if (!this.#draining.isOver(askedMs)) return;
    this.#phase = 'steady';
    this.#capacity.left();
    this.#resume(nowMs);
  }

  /** What came before says nothing of what comes from now on. */
  #resume(nowMs: number): void {
    this.#draining.postpone(nowMs);
    this.#resumedMs = nowMs;
    this.#round = new Round(nowMs);
  }

  #scale(round: Round, baseMs: number, mostBytes: number): void {
    const delays = { baseMs, queueMs: this.#queueMs, targetMs: this.#targetMs };
    const hasQueue = this.#queueMs > this.#targetMs / 2;
    const isSmall = this.#phase === 'starting' || this.#windowBytes < SMALL * this.#fillingBytes;
    const factor = isSmall && !hasQueue ? MOST_FACTOR : factorOf(delays);
    if (factor > 1 && !round.isLimited) return;
    this.#windowBytes = boundedWindow(this.#windowBytes * factor, mostBytes);
  }

  #yield(reason: YieldReason, nowMs: number): void {
    const { missedMs } = this.#standingBack.begin(nowMs);
    const hasQueue = this.#queueMs > this.#targetMs / 2;
    if (missedMs !== undefined) this.#capacity.missed(missedMs, { hasQueue });
    this.#phase = 'yielding';
    this.#reason = reason;
    this.#round = undefined;
    this.#capacity.left();
  }

  /** Requests that were sent before it yielded tell nothing of how it is since. */
  #tried({ askedMs }: Piece, delayMs: number, nowMs: number): void {
    if (askedMs < this.#standingBack.sinceMs) return;
    this.#base.noteAlone(delayMs, nowMs);
    this.#queueMs = Math.max(0, delayMs - (this.#base.ms ?? delayMs));
    const isFree = this.#queueMs < this.#targetMs / 2;
    if (this.#standingBack.tried(isFree, nowMs)) this.#return(nowMs);
  }

  /** Begins again with half of what is known to fill the link. */
  #return(nowMs: number): void {
    this.#phase = 'starting';
    this.#windowBytes = Math.max(FIRST_WINDOW_BYTES, RETURN_SHARE * this.#fillingBytes);
    this.#isFull = false;
    this.#foreign.forget();
    this.#standingBack.returned(nowMs);
    this.#fullMs = nowMs;
    this.#resume(nowMs);
  }
}
