import { PeerCacheError } from '@peer-cache/core';
import type { Failure } from '@peer-cache/protocol';

/** The command line asks for something that makes no sense. */
export class UsageError extends PeerCacheError {
  readonly code = 'USAGE';
}

/** No agent answers on the control socket. */
export class AgentNotRunningError extends PeerCacheError {
  readonly code = 'AGENT_NOT_RUNNING';

  constructor(socketPath: string, options?: ErrorOptions) {
    super(`no agent answers at ${socketPath}`, options);
  }
}

/** The agent ended, or was ended, before it had said how a request went. */
export class AgentGoneError extends PeerCacheError {
  readonly code = 'AGENT_GONE';
  override readonly transient = true;

  constructor(options?: ErrorOptions) {
    super('the agent ended before it was done; start it again and repeat the command', options);
  }
}

/** What the agent answered is not what this version of the command understands. */
export class AgentAnswerError extends PeerCacheError {
  readonly code = 'AGENT_ANSWER';

  constructor(reason: string, options?: ErrorOptions) {
    super(
      `the agent's answer is not understood: ${reason}; use command and agent of one version`,
      options,
    );
  }
}

/** An error that happened in the agent, with its code and words from there. */
export class AgentFailureError extends PeerCacheError {
  readonly code: string;
  override readonly transient: boolean;

  constructor({ code, message, transient }: Failure) {
    super(message);
    this.code = code;
    this.transient = transient;
  }
}

/** A file that the command line names can't be read. */
export class FileUnreadableError extends PeerCacheError {
  readonly code = 'FILE_UNREADABLE';

  constructor(path: string, reason: string, options?: ErrorOptions) {
    super(`${path} can't be read: ${reason}`, options);
  }
}

/** The folder that a file shall go to does not exist. */
export class FolderMissingError extends PeerCacheError {
  readonly code = 'TARGET_FOLDER_MISSING';

  constructor(folder: string) {
    super(`${folder} is no folder; make it first, a job makes none`);
  }
}

/** Whoever read our standard output has left. */
export class OutputClosedError extends PeerCacheError {
  readonly code = 'OUTPUT_CLOSED';

  constructor(options?: ErrorOptions) {
    super('whoever read the output has left before its end', options);
  }
}
