import { PeerCacheError } from '@peer-cache/core';

/** A configuration file, an environment variable or an option has a key or value that is wrong. */
export class ConfigInvalidError extends PeerCacheError {
  readonly code = 'CONFIG_INVALID';

  /** `where` is the file, variable or option. */
  constructor(where: string, reason: string, options?: ErrorOptions) {
    super(`${where}: ${reason}`, options);
  }
}

/** Another agent of this user answers on the control socket. */
export class AgentRunningError extends PeerCacheError {
  readonly code = 'AGENT_RUNNING';

  constructor(socketPath: string) {
    super(`an agent is already running and answers at ${socketPath}; use it, or stop it first`);
  }
}

/** The control socket can't be made at its path. */
export class ControlSocketError extends PeerCacheError {
  readonly code = 'CONTROL_SOCKET';

  constructor(socketPath: string, reason: string, options?: ErrorOptions) {
    super(`no control socket at ${socketPath}: ${reason}`, options);
  }
}

/** A folder or file that must be ours alone is not, or can't be made so. */
export class PrivateFileError extends PeerCacheError {
  readonly code = 'PRIVATE_FILE';

  constructor(path: string, reason: string) {
    super(`${path} can't hold what is this user's alone: ${reason}`);
  }
}

/** A request on the control socket is not what the control protocol allows. */
export class ControlRequestError extends PeerCacheError {
  readonly code = 'CONTROL_REQUEST';
  /** The HTTP status that tells it. */
  readonly status: number;

  constructor(status: number, reason: string) {
    super(`the agent's control socket refuses the request: ${reason}`);
    this.status = status;
  }
}

/** A download was given up because its caller left or the agent stopped. */
export class DownloadCancelledError extends PeerCacheError {
  readonly code = 'CANCELLED';
  override readonly transient = true;

  constructor(url: string) {
    super(`the download of ${url} was cancelled; asked for again, it goes on with what is here`);
  }
}
