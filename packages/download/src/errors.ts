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

/** The URL is none that content can be fetched from. */
export class UnsupportedUrlError extends PeerCacheError {
  readonly code = 'UNSUPPORTED_URL';

  constructor(url: string) {
    super(`${url} is no http: or https: URL; give the full address of the content`);
  }
}

/** The origin could not be reached: name, connection or time. */
export class OriginUnreachableError extends PeerCacheError {
  readonly code = 'ORIGIN_UNREACHABLE';
  override readonly transient = true;

  constructor(url: string, reason: string, options?: ErrorOptions) {
    super(`${url} could not be reached: ${reason}; check the address and the network`, options);
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

/** The origin says that there is no such content. */
export class OriginNotFoundError extends PeerCacheError {
  readonly code = 'ORIGIN_NOT_FOUND';

  constructor(url: string, status: number) {
    super(`${url} does not exist (HTTP ${status}); check the address`);
  }
}

/** The origin refuses this caller. */
export class OriginRefusedError extends PeerCacheError {
  readonly code = 'ORIGIN_REFUSED';

  constructor(url: string, reason: string, options?: ErrorOptions) {
    super(`${url} refused the request (${reason}); it may need credentials, or others`, options);
  }
}

/** Whoever answered could not show to be the origin: its certificate is not to be trusted. */
export class OriginUntrustedError extends PeerCacheError {
  readonly code = 'ORIGIN_UNTRUSTED';

  constructor(url: string, reason: string, options?: ErrorOptions) {
    super(`${url} is not trusted: ${reason}`, options);
  }
}

/** The proxy could not be reached, or did not answer. */
export class ProxyUnreachableError extends PeerCacheError {
  readonly code = 'PROXY_UNREACHABLE';
  override readonly transient = true;

  constructor(proxy: string, reason: string, options?: ErrorOptions) {
    super(`proxy ${proxy} could not be reached: ${reason}; check its address`, options);
  }
}

/** The proxy does not let this caller, or this address, through. */
export class ProxyRefusedError extends PeerCacheError {
  readonly code = 'PROXY_REFUSED';

  constructor(url: string, status: number) {
    const wayOut = status === 407 ? 'set its credentials' : 'ask who runs it, or go without';
    super(`the proxy refused to lead to ${url} (HTTP ${status}); ${wayOut}`);
  }
}

/** The proxy's address is none. It is not shown: it may hold a password. */
export class ProxyInvalidError extends PeerCacheError {
  readonly code = 'PROXY_INVALID';

  constructor() {
    super("the proxy's address is none; give http://host:port or https://host:port");
  }
}

/** A client certificate, or a file of certificate authorities, can't be used. */
export class CertificateUnusableError extends PeerCacheError {
  readonly code = 'CERTIFICATE_UNUSABLE';

  constructor(what: string, reason: string, options?: ErrorOptions) {
    super(`${what} can't be used: ${reason}; give it again`, options);
  }
}

/** The origin is overloaded or in maintenance and may have said when to come back. */
export class OriginBusyError extends PeerCacheError {
  readonly code = 'ORIGIN_BUSY';
  override readonly transient = true;
  /** What `Retry-After` named; undefined without one. */
  readonly retryMs: number | undefined;

  constructor(url: string, status: number, retryMs: number | undefined) {
    const when = retryMs === undefined ? '' : ` for ${Math.ceil(retryMs / 1000)} s`;
    super(`${url} is not available${when} (HTTP ${status})`);
    this.retryMs = retryMs;
  }
}

/** The origin failed in a way that may pass. */
export class OriginFailedError extends PeerCacheError {
  readonly code = 'ORIGIN_FAILED';
  override readonly transient = true;
  /** What `Retry-After` named; undefined without one. */
  readonly retryMs: number | undefined;

  constructor(url: string, status: number, retryMs: number | undefined) {
    super(`${url} failed (HTTP ${status}); try again later`);
    this.retryMs = retryMs;
  }
}

/** The origin's answer contradicts itself or what was asked. */
export class OriginProtocolError extends PeerCacheError {
  readonly code = 'ORIGIN_PROTOCOL';

  constructor(url: string, reason: string, options?: ErrorOptions) {
    super(`${url} answered wrongly: ${reason}`, options);
  }
}

/** A redirect or link leads where this origin may not send us. */
export class RedirectRefusedError extends PeerCacheError {
  readonly code = 'REDIRECT_REFUSED';

  constructor(url: string, target: string, reason: string) {
    super(`${url} leads to ${target}, which is refused: ${reason}`);
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

/** Who wanted the transfer left it before its end: what came is kept, where it can go on later. */
export class TransferLeftError extends PeerCacheError {
  readonly code = 'TRANSFER_LEFT';
  override readonly transient = true;

  constructor(url: string) {
    super(`the transfer of ${url} was left before its end; it can go on later`);
  }
}

/** There is a file already, and nobody said to replace it. */
export class FileExistsError extends PeerCacheError {
  readonly code = 'FILE_EXISTS';

  constructor(path: string) {
    super(`${path} exists; name another file, or ask to overwrite it`);
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
