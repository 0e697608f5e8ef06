import { PeerCacheError } from '@peer-cache/core';

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

/** Who wanted the transfer left it before its end: what came is kept, where it can go on later. */
export class TransferLeftError extends PeerCacheError {
  readonly code = 'TRANSFER_LEFT';
  override readonly transient = true;

  constructor(url: string) {
    super(`the transfer of ${url} was left before its end; it can go on later`);
  }
}
