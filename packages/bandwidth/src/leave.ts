import type { Taker } from './limits.ts';

/** Leave for one request, until it is disposed when the request has ended. */
export interface RequestLeave extends Disposable {
  /** How many bytes the request may be for: at most as many as were wanted. */
  readonly bytes: number;

  /** It goes out only now: a connection had to be made first. */
  sent(): void;

  /** So many bytes of the answer came; 0 for its head. */
  received(bytes: number): void;
}

export interface LeaveRequest {
  /** Looked at again each time: priorities change while somebody waits. */
  readonly who: () => Taker;
  /** Where the request goes: what is learnt of one way says nothing of others. */
  readonly way: string;
  /** More than 0. */
  readonly mostBytes: number;
}

/** Leave for a request that nothing is measured of. */
export function freeLeave(bytes: number): RequestLeave {
  return { bytes, sent: nothing, received: nothing, [Symbol.dispose]: nothing };
}

/** Leave of which only limits keep account: what does not come is given back to them. */
export function limitedLeave(bytes: number, giveBack: (bytes: number) => void): RequestLeave {
  let leftBytes = bytes;
  return {
    bytes,
    sent: nothing,
    received: (gotBytes) => (leftBytes = Math.max(0, leftBytes - gotBytes)),
    [Symbol.dispose]() {
      if (leftBytes > 0) giveBack(leftBytes);
      leftBytes = 0;
    },
  };
}

function nothing(): void {
  // In the foreground only limits count, and they were charged before.
}
