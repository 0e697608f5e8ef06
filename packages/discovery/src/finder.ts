/** A way to ask who has a segment; mDNS, fixed peers and others to come are all one. */
export interface Finder extends AsyncDisposable {
  readonly name: string;

  /**
   * Asks for segments and yields each answer as it arrives, possibly several of one peer. Ends
   * by itself when nobody is likely to answer any more, or early with the signal. Never throws
   * for a network that is down: it then yields nothing.
   */
  find(
    lookups: readonly SegmentLookup[],
    options: { signal: AbortSignal },
  ): AsyncIterable<FoundPeer>;

  /** Peers that are about, as far as they made themselves known; what they have is not known. */
  neighbours(): readonly PeerAddress[];
}

/** A segment to be found, and the key that proves the right to ask. */
export interface SegmentLookup {
  readonly segmentId: Uint8Array;
  readonly proofKey: Uint8Array;
}

export interface FoundPeer {
  readonly address: PeerAddress;
  /**
   * Places in the lookups of the segments that this peer has or is fetching; undefined from a
   * finder that knows peers but not what they have.
   */
  readonly holds: readonly number[] | undefined;
}

/** Where a peer serves. */
export interface PeerAddress {
  /** An IP literal; link-local IPv6 carries its zone (`fe80::1%eth0`). */
  readonly host: string;
  readonly port: number;
  /** The Unix socket of this machine's agent, which has no address: host and port only name it. */
  readonly socketPath?: string | undefined;
}

/** What we hold, as finders need it to answer. The block store satisfies it. */
export interface Holdings {
  proofKeyOf(segmentId: Uint8Array): Uint8Array | undefined;
}
