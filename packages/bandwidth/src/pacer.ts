import { SECOND_MS } from '@peer-cache/core';
import type { BackgroundStatus, JobPriority, YieldReason } from '@peer-cache/protocol';
import { DelayWindow } from './delay-window.ts';
import { limitedLeave } from './leave.ts';
import type { LeaveRequest, RequestLeave } from './leave.ts';
import type { Leave, LimitExplanation, Limits, LimitsClock, Taker } from './limits.ts';
import type { Office } from './office.ts';
import { OwnLag } from './own-lag.ts';
import type { Piece } from './pieces.ts';
import { StreamPace } from './stream-pace.ts';
import { wayStatus } from './way-status.ts';
import type { WayStatus } from './way-status.ts';
import { Ways } from './ways.ts';

export interface PacerParts {
  /** What may come over the WAN at all. */
  readonly limits: Pick<Limits, 'take' | 'giveBack' | 'explain' | 'onChange' | 'setLink'>;
  readonly clock: Pick<LimitsClock, 'uptimeMs'>;
  /** Who else fetches in the background by the same way out; nobody, where it is absent. */
  readonly office?: Office | undefined;
}

interface Waiting extends LeaveRequest {
  readonly grant: (leave: RequestLeave) => void;
}

const RANKS: Readonly<Record<JobPriority, number>> = { foreground: 0, high: 1, normal: 2, low: 3 };
const LEAST_RETRY_MS = 1;

/**
 * Says when requests to origins may go out, and for how many bytes: in the order of priorities, as
 * far as limits allow, and in the background only what disturbs nobody on the way.
 */
export class Pacer implements Disposable {
  /** For what can't be asked for in pieces. */
  readonly streams: StreamPace;
  readonly #parts: PacerParts;
  readonly #ways = new Ways(() => {
    const window = new DelayWindow();
    if (this.#supposed > 0) window.suppose(this.#supposed);
    return window;
  });
  readonly #waiting = new Set<Waiting>();
  readonly #onChange: Disposable;
  #timer: NodeJS.Timeout | undefined;
  #timerMs = Infinity;
  readonly #lag = new OwnLag();
  #inFlight = 0;
  #supposed = 0;
  #isServing = false;
  #mustServe = false;

  constructor(parts: PacerParts) {
    this.#parts = parts;
    this.streams = new StreamPace(parts);
    this.#onChange = parts.limits.onChange(() => this.#serve());
  }

  /** Resolves when a request may go out; `signal` ends the wait with its reason. */
  async leave(
    request: LeaveRequest,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<RequestLeave> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<RequestLeave>();
    const waiting: Waiting = { ...request, grant: resolve };
    const onAbort = (): void => {
      this.#waiting.delete(waiting);
      reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    this.#waiting.add(waiting);
    this.#serve();
    try {
      return await promise;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Whether any limit holds for somebody now. */
  isLimited(who: Taker): boolean {
    if (who.priority === 'foreground') this.#parts.office?.foreground();
    return this.#parts.limits.explain(who).length > 0;
  }

  /** What limits somebody now, the slowest first. */
  explain(who: Taker): LimitExplanation[] {
    return this.#parts.limits.explain(who);
  }

  /** Why somebody in the background stands back on all ways; undefined where that is not so. */
  yieldsFor({ priority }: Taker): YieldReason | undefined {
    if (priority === 'foreground') return undefined;
    const reasons = Array.from(this.#ways.values(), ({ yieldsFor }) => yieldsFor);
    return reasons.includes(undefined) ? undefined : reasons[0];
  }

  /** The ways that were used. */
  ways(): WayStatus[] {
    return Array.from(this.#ways, ([way, window]) => wayStatus(way, window));
  }

  /** How requests in the background fare, for people; undefined before the first. */
  status(): BackgroundStatus | undefined {
    const ways = [...this.#ways.values()];
    if (ways.length === 0) return undefined;
    return {
      yieldsFor: this.yieldsFor({ priority: 'normal' }),
      isOthersTurn: !this.mayFetch(),
      queueMs: Math.round(Math.max(...ways.map(({ queueMs }) => queueMs))),
      bytesPerSecond: this.linkBytesPerSecond,
    };
  }

  /** The network is another: nothing that was learnt holds. */
  networkChanged(): void {
    this.#ways.clear();
    this.streams.forget();
    this.#supposed = 0;
    this.#parts.limits.setLink(undefined);
    this.#serve();
  }

  /** Others use the link, it is said: believed where the link itself does not say otherwise. */
  makeWay(reason: YieldReason): void {
    const nowMs = this.#parts.clock.uptimeMs();
    for (const window of this.#ways.values()) window.makeWay(reason, nowMs);
  }

  /** What the link brings at best by the word of others, in bytes per second. */
  supposeLink(bytesPerSecond: number): void {
    this.#supposed = Math.max(this.#supposed, bytesPerSecond / SECOND_MS);
    for (const window of this.#ways.values()) window.suppose(this.#supposed);
  }

  /** What the fastest of the ways has shown the link to bring, in bytes per second; 0 for unknown. */
  get linkBytesPerSecond(): number {
    let most = 0;
    for (const { capacityBytesPerMs = 0 } of this.#ways.values()) {
      most = Math.max(most, capacityBytesPerMs);
    }
    return Math.round(most * SECOND_MS);
  }

  /** Whether anything in the background is under way or waits for leave. */
  get isWanting(): boolean {
    if (this.#inFlight > 0) return true;
    return [...this.#waiting].some((each) => each.who().priority !== 'foreground');
  }

  /** Whether what is under way in the background takes all that the link leaves. */
  get isFilling(): boolean {
    const nowMs = this.#parts.clock.uptimeMs();
    return [...this.#ways.values()].some((window) => window.isFilling(nowMs));
  }

  /** Whether requests in the background may go out, as far as others of the office are concerned. */
  mayFetch(): boolean {
    return this.#parts.office?.mayFetch() ?? true;
  }

  /** Would use its turn, if it had it. */
  want(): void {
    this.#parts.office?.want();
  }

  /** It is another's turn now, or this agent's. */
  turnChanged(): void {
    this.#serve();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#lag[Symbol.dispose]();
    this.#onChange[Symbol.dispose]();
    this.#waiting.clear();
  }

  #serve(): void {
    this.#mustServe = true;
    // Whoever is granted something may ask for more within the call.
    if (this.#isServing) return;
    this.#isServing = true;
    try {
      while (this.#mustServe) {
        this.#mustServe = false;
        this.#serveOnce();
      }
    } finally {
      this.#isServing = false;
    }
  }

  #serveOnce(): void {
    if (this.#waiting.size === 0) return;
    const nowMs = this.#parts.clock.uptimeMs();
    const inOrder = [...this.#waiting].toSorted(
      (a, b) => RANKS[a.who().priority] - RANKS[b.who().priority],
    );
    const full = new Set<DelayWindow>();
    for (const waiting of inOrder) {
      const retryMs = this.#try(waiting, full, nowMs);
      if (retryMs !== undefined) this.#lookAgain(nowMs + Math.max(LEAST_RETRY_MS, retryMs));
    }
  }

  /** Grants a request if it may go out; else tells when to look again, if time alone may help. */
  #try(waiting: Waiting, full: Set<DelayWindow>, nowMs: number): number | undefined {
    const { way, mostBytes } = waiting;
    const who = waiting.who();
    if (who.priority === 'foreground') {
      this.#parts.office?.foreground();
      const leave = this.#parts.limits.take(who, mostBytes);
      if (!('bytes' in leave)) return leave.retryMs;
      const giveBack = (bytes: number): void => this.#parts.limits.giveBack(who, bytes);
      this.#grant(waiting, limitedLeave(leave.bytes, giveBack));
      return undefined;
    }
    this.want();
    if (!this.mayFetch()) return undefined;
    const window = this.#ways.of(way);
    // Within a way nobody goes before who is more urgent.
    const wantedBytes = full.has(window) ? 0 : Math.min(mostBytes, window.mayAsk(nowMs));
    if (wantedBytes === 0) {
      full.add(window);
      return untilNext(window, nowMs);
    }
    const leave: Leave = this.#parts.limits.take(who, wantedBytes);
    if (!('bytes' in leave)) return leave.retryMs;
    const piece = window.ask(leave.bytes, nowMs);
    this.#lag.watch(++this.#inFlight > 0);
    this.#grant(waiting, this.#pacedLeave(window, piece, who));
    return undefined;
  }

  #grant(waiting: Waiting, leave: RequestLeave): void {
    this.#waiting.delete(waiting);
    waiting.grant(leave);
  }

  #pacedLeave(window: DelayWindow, piece: Piece, who: Taker): RequestLeave {
    const { limits, clock } = this.#parts;
    return {
      bytes: piece.bytes,
      sent: () => window.sent(piece, clock.uptimeMs()),
      received: (bytes) => {
        const nowMs = clock.uptimeMs();
        window.began(piece, nowMs, this.#lag.ms);
        window.came(piece, bytes, nowMs);
        this.#serve();
      },
      [Symbol.dispose]: () => {
        if (!window.ended(piece, clock.uptimeMs())) return;
        this.#lag.watch(--this.#inFlight > 0);
        if (piece.leftBytes > 0) limits.giveBack(who, piece.leftBytes);
        this.#learnLink();
        this.#serve();
      },
    };
  }

  /** The link is at least as fast as what came from the fastest origin. */
  #learnLink(): void {
    const { linkBytesPerSecond } = this;
    if (linkBytesPerSecond > 0) this.#parts.limits.setLink(linkBytesPerSecond);
  }

  #lookAgain(atMs: number): void {
    if (atMs >= this.#timerMs) return;
    clearTimeout(this.#timer);
    this.#timerMs = atMs;
    const waitMs = Math.max(LEAST_RETRY_MS, Math.ceil(atMs - this.#parts.clock.uptimeMs()));
    this.#timer = setTimeout(() => {
      this.#timerMs = Infinity;
      this.#serve();
    }, waitMs);
  }
}

function untilNext(window: DelayWindow, nowMs: number): number | undefined {
  const nextMs = window.nextMs();
  return nextMs === undefined ? undefined : nextMs - nowMs;
}
