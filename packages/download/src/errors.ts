import { PeerCacheError } from '@peer-cache/core';

/** A peer could not be reached, or broke off. */
export class PeerUnreachableError extends PeerCacheError {
  readonly code = 'PEER_UNREACHABLE';
  override readonly transient = true;

  constructor(address: string, reason: string, options?: ErrorOptions) {
    super(`peer ${address} could not be reached: ${reason}`, options);
  }
}

/** Its answer was late, and it took no other connection. */
export class PeerGoneError extends PeerUnreachableError {}

/** A peer moved no byte for longer than we wait. */
export class PeerSilentError extends PeerCacheError {
  readonly code = 'PEER_SILENT';
  override readonly transient = true;

  constructor(address: string, waitedMs: number) {
    super(`peer ${address} was silent for ${waitedMs} ms`);
  }
}

/** A peer is at its limits and said when to come back. */
export class PeerBusyError extends PeerCacheError {
  readonly code = 'PEER_BUSY';
  override readonly transient = true;
  readonly retryMs: number;

  constructor(address: string, retryMs: number) {
    super(`peer ${address} is busy for ${retryMs} ms`);
    this.retryMs = retryMs;
  }
}

/** A peer's answer is not what the protocol allows. Not transient: what is wrong stays wrong. */
export class PeerProtocolError extends PeerCacheError {
  readonly code = 'PEER_PROTOCOL';

  constructor(address: string, reason: string, options?: ErrorOptions) {
    super(`peer ${address} answered against the protocol: ${reason}`, options);
  }
}

/** The origin broke off before the length that it had announced. */
export class OriginCutShortError extends PeerCacheError {
  readonly code = 'ORIGIN_CUT_SHORT';
  override readonly transient = true;

  constructor(url: string, gotBytes: number, ofBytes: number | undefined, options?: ErrorOptions) {
    const of = ofBytes === undefined ? 'an unknown length' : `${ofBytes} bytes`;
    super(`${url} broke off after ${gotBytes} bytes of ${of}`, options);
  }
}

/** The content information doesn't describe what the origin sends: made for another version. */
export class StaleContentInformationError extends PeerCacheError {
  readonly code = 'CONTENT_INFORMATION_STALE';

  constructor(url: string, reason: string, options?: ErrorOptions) {
    super(`the content information of ${url} is stale: ${reason}`, options);
  }
}

/** The content changed at the origin each time it was fetched. */
export class OriginKeepsChangingError extends PeerCacheError {
  readonly code = 'ORIGIN_KEEPS_CHANGING';

  constructor(url: string, restarts: number) {
    super(`${url} changed ${restarts} times while it was fetched; try again when it is at rest`);
  }
}

/** The job's file can't be written. */
export class FileUnwritableError extends PeerCacheError {
  readonly code = 'FILE_UNWRITABLE';

  constructor(path: string, reason: string, options?: ErrorOptions) {
    super(`${path} can't be written: ${reason}`, options);
  }
}

/** The disk of the job's file is full. */
export class DiskFullError extends PeerCacheError {
  readonly code = 'DISK_FULL';
  override readonly transient = true;

  constructor(path: string, options?: ErrorOptions) {
    super(`no room left for ${path}; free some space and try again`, options);
  }
}

/** Too many files are open at once, in this process or on the machine. */
export class TooManyFilesError extends PeerCacheError {
  readonly code = 'TOO_MANY_FILES';
  override readonly transient = true;

  constructor(path: string, options?: ErrorOptions) {
    super(
      `${path} can't be opened: too many files are open; try again, or raise the limit`,
      options,
    );
  }
}

/** Bytes were asked for that the content does not have. */
export class RangeOutsideError extends PeerCacheError {
  readonly code = 'RANGE_OUTSIDE';

  constructor(url: string, range: { startByte: number; endByte?: number | undefined }, of: number) {
    const asked = `${range.startByte} to ${range.endByte ?? 'the end'}`;
    super(`${url} has ${of} bytes, and ${asked} is no part of them; ask for another range`);
  }
}

/** There is a file already, and nobody said to replace it. */
export class FileExistsError extends PeerCacheError {
  readonly code = 'FILE_EXISTS';

  constructor(path: string) {
    super(`${path} exists; name another file, or ask to overwrite it`);
  }
}
