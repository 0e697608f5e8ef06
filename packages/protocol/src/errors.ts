import { PeerCacheError } from '@peer-cache/core';

/** A message from the network does not have the shape that the protocol gives it. */
export class MalformedMessageError extends PeerCacheError {
  readonly code = 'MALFORMED_MESSAGE';

  constructor(message: string, reason: string, options?: ErrorOptions) {
    super(`malformed ${message}: ${reason}`, options);
  }
}
