/**
 * Says when a transfer may ask its sources for more, so that transfers which run at once share what
 * there is. What is on this machine already needs no turn.
 */
export interface Turn {
  /** Whether somebody waits for the transfer: it goes before those that nobody waits for. */
  readonly isUrgent: boolean;

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

/** A request that is under way. Disposed when it has ended; what it did not bring is not counted. */
export interface TurnUse extends Disposable {
  /** How many blocks the request may be for: at least 1, at most as many as were wanted. */
  readonly blocks: number;

  /** Bytes of it came. */
  received(bytes: number): void;
}

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
