import { PeerCacheError } from '@peer-cache/core';

/** A network in the configuration is not of the form `10.0.0.0/8`. */
export class InvalidSharingNetworkError extends PeerCacheError {
  readonly code = 'INVALID_SHARING_NETWORK';

  constructor(network: string) {
    super(
      `can't share in network ${JSON.stringify(network)}: it is no network; ` +
        `write an address and a prefix length, as 10.0.0.0/8 or fd00::/8`,
    );
  }
}

/** A peer in the configuration is not of the form `host:port`. */
export class InvalidPeerAddressError extends PeerCacheError {
  readonly code = 'INVALID_PEER_ADDRESS';

  constructor(peer: string) {
    super(
      `can't use peer ${JSON.stringify(peer)}: it is no address; ` +
        `write host:port, as cache.example:7690, 10.0.0.5:7690 or [fd00::5]:7690`,
    );
  }
}
