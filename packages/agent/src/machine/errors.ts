import { PeerCacheError } from '@peer-cache/core';

/** The machine's agent does not answer a user's agent, or not as it should. */
export class MachineAgentError extends PeerCacheError {
  readonly code = 'MACHINE_AGENT';
  override readonly transient = true;
  /** Set by one that is there and busy: after this long it is worth asking again. */
  readonly retryMs: number | undefined;

  constructor(
    socketPath: string,
    reason: string,
    { retryMs, ...options }: ErrorOptions & { readonly retryMs?: number } = {},
  ) {
    super(`the machine's agent at ${socketPath} can't be used: ${reason}`, options);
    this.retryMs = retryMs;
  }
}

/** The socket for the users of this machine can't be made at its path. */
export class MachineSocketError extends PeerCacheError {
  readonly code = 'MACHINE_SOCKET';

  constructor(socketPath: string, reason: string, options?: ErrorOptions) {
    super(`no socket for the users of this machine at ${socketPath}: ${reason}`, options);
  }
}
