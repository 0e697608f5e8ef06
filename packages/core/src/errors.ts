/** What every error of peer-cache is: a stable code, and whether asking again later may help. */
export abstract class PeerCacheError extends Error {
  /** Stable, upper snake case, listed in `docs/errors.md`. */
  abstract readonly code: string;
  /** True when the same source may succeed if asked again later; false drops the source. */
  readonly transient: boolean = false;

  override get name(): string {
    return this.constructor.name;
  }
}

/** Bytes that claim to be content information are not. */
export class MalformedContentInformationError extends PeerCacheError {
  readonly code = 'MALFORMED_CONTENT_INFORMATION';

  constructor(reason: string, options?: ErrorOptions) {
    super(`malformed content information: ${reason}`, options);
  }
}

/** A block's bytes do not have the digest that its block hash list names. */
export class BlockMismatchError extends PeerCacheError {
  readonly code = 'BLOCK_MISMATCH';

  constructor(blockIndex: number) {
    super(`block ${blockIndex} does not match its block hash`);
  }
}

/** A block hash list does not have the digest that the content information names. */
export class BlockHashListMismatchError extends PeerCacheError {
  readonly code = 'BLOCK_HASH_LIST_MISMATCH';

  constructor(segmentIndex: number) {
    super(`the block hash list of segment ${segmentIndex} does not match its segment hash`);
  }
}

/**
 * A sealed block was changed on its way or on a disk. It says nothing about who sent it: anybody
 * on the path can flip a bit.
 */
export class SealBrokenError extends PeerCacheError {
  readonly code = 'SEAL_BROKEN';
  override readonly transient = true;

  constructor(blockIndex: number, options?: ErrorOptions) {
    super(`sealed block ${blockIndex} was damaged`, options);
  }
}

/** What was thrown, as an error in any case. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** What an unknown thing that was thrown has to say. */
export function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
