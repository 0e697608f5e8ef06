import { freeLeave } from './leave.ts';
import type { RequestLeave } from './leave.ts';

/**
 * Says when a transfer may ask its sources for more, so that transfers which run at once share what
 * there is. What is on this machine already needs no turn.
 */
export interface Turn {
  /** Whether somebody waits for the transfer: it goes before those that nobody waits for. */
  readonly isUrgent: boolean;

  /** Leave for each request to an origin; none is needed where this is absent. */
  readonly pacing?: Pacing | undefined;

  /**
   * Asks to send one request for up to `blocks` blocks (at least 1). Undefined while it is not this
   * transfer's turn: it is called back when it may be. Only to be asked by who has work to send.
   */
  ask(kind: 'peer' | 'origin', blocks: number): TurnUse | undefined;

  /**
   * Calls `listener` whenever a turn that was refused may be granted; until disposed. Whoever does
   * not ask again within the call is passed over: the turn goes to the next.
   */
  onFree(listener: () => void): Disposable;
}

/** Says when and for how much requests may be sent to origins, so that they disturb nobody. */
export interface Pacing {
  /**
   * Whether requests may go out now, as far as other agents of the same network are concerned. What
   * can be had from them is better taken from there meanwhile.
   */
  mayFetch(): boolean;

  /** Nobody else brings what is wanted: they should let this agent have its turn. */
  want(): void;

  /** Whether nothing has to be waited for: then any request may be sent, without leave. */
  isFree(): boolean;

  /** Resolves when so many bytes may come of an answer that can't be had in pieces. */
  pass(bytes: number, options: { readonly signal: AbortSignal }): Promise<void>;

  /** Resolves when so many bytes, `mostBytes` at most, may be sent by this way (`host:port`). */
  send(way: string, mostBytes: number, options: { readonly signal: AbortSignal }): Promise<number>;

  /** While something is sent: a small question by the same way was answered after so many ms. */
  probed(way: string, rttMs: number): void;

  /** Leave for a request of up to `mostBytes` by this way (`host:port`); `signal` ends the wait. */
  leave(
    way: string,
    mostBytes: number,
    options: { readonly signal: AbortSignal },
  ): Promise<RequestLeave>;
}

/** A request that is under way. Disposed when it has ended; what it did not bring is not counted. */
export interface TurnUse extends Disposable {
  /** How many blocks the request may be for: at least 1, at most as many as were wanted. */
  readonly blocks: number;

  /** Bytes of it came. */
  received(bytes: number): void;
}

/** For transfers that need not be careful with anybody. */
export const UNPACED: Pacing = {
  mayFetch: () => true,
  want: () => undefined,
  pass: () => Promise.resolve(),
  send: (_way, bytes) => Promise.resolve(bytes),
  probed: () => undefined,
  isFree: () => true,
  leave: (_way, bytes) => Promise.resolve(freeLeave(bytes)),
};

/** For transfers that share with nobody: always, and as much as is wanted. */
export const ALWAYS: Turn = {
  isUrgent: true,
  ask: (_kind, blocks) => ({
    blocks,
    received: () => undefined,
    [Symbol.dispose]: () => undefined,
  }),
  onFree: () => ({ [Symbol.dispose]: () => undefined }),
};
