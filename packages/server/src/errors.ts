import { PeerCacheError } from '@peer-cache/core';

/** The server can't listen on one of the addresses, or on the socket, that it was given. */
export class ListenFailedError extends PeerCacheError {
  readonly code = 'LISTEN_FAILED';
  override readonly transient = true;

  /** `place` is a host and port, or the path of a socket. */
  constructor(place: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(`cannot listen on ${place}: ${reason}; ${adviceFor(cause)}`, { cause });
  }
}

/** A request that no peer of ours makes: a browser's, one for another host, one with odd headers. */
export class RequestRefusedError extends PeerCacheError {
  readonly code = 'REQUEST_REFUSED';

  constructor(reason: string) {
    super(`refused a request that no peer makes: ${reason}`);
  }
}

/** A connection must begin with hello: without nonces nothing can be proved on it. */
export class HelloRequiredError extends PeerCacheError {
  readonly code = 'HELLO_REQUIRED';

  constructor() {
    super('the first request on a connection must be hello, and the only hello on it');
  }
}

/** The server is at one of its limits; whoever asks goes elsewhere and comes back later. */
export class ServerBusyError extends PeerCacheError {
  readonly code = 'SERVER_BUSY';
  override readonly transient = true;
  /** After this long it is worth asking again. */
  readonly retryMs: number;

  constructor(limit: string, retryMs: number) {
    super(`at the limit of ${limit}; ask again in ${retryMs} ms`);
    this.retryMs = retryMs;
  }
}

function adviceFor(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'EADDRINUSE') return 'stop what uses this port, or choose another';
  if (code === 'EACCES') return 'choose a port of 1024 or more';
  return 'see whether this machine has the address (it may be gone, or not ready yet)';
}
