/**
 * What crosses the agent's control socket: JSON over HTTP/1.1 on a Unix socket, never on the
 * network. Types only, so that a command which asks for the status loads nothing for it. The
 * version of all of it is the first part of each path.
 */
export type ControlPath = '/v1/status' | '/v1/get' | '/v1/stream';

/** Content bytes by where they came from. */
export interface BytesBySource {
  readonly store: number;
  readonly peers: number;
  readonly origin: number;
}

/** The answer to `GET /v1/status`: what the agent has, does and has saved. */
export interface AgentStatus {
  readonly version: string;
  readonly pid: number;
  readonly peerId: string;
  readonly uptimeSeconds: number;
  /** Every network interface, and why we share on it or not. */
  readonly sharing: readonly SharingStatus[];
  /** Where peers reach us; none while we share nowhere. */
  readonly servedAt: readonly string[];
  readonly peers: readonly PeerStatus[];
  readonly store: StoreStatus;
  /** Content bytes that this agent received since it started. */
  readonly received: BytesBySource;
  /** Content bytes that it gave to peers since it started. */
  readonly servedBytes: number;
  readonly transfers: readonly TransferStatus[];
}

export interface SharingStatus {
  readonly interfaceName: string;
  readonly addresses: readonly string[];
  readonly isSharing: boolean;
  /** Why, or why not. */
  readonly reason: string;
}

export interface PeerStatus {
  /** Address and port. */
  readonly name: string;
  /** Absent until its hello proved one. */
  readonly peerId?: string | undefined;
  /** Content bytes that it gave us since we started. */
  readonly receivedBytes: number;
  /** Absent until it answered for the first time. */
  readonly lastSeenSeconds?: number | undefined;
}

export interface StoreStatus {
  /** Absent for a store in memory. */
  readonly folder?: string | undefined;
  readonly segments: number;
  readonly usedBytes: number;
  readonly limitBytes: number;
}

export interface TransferStatus {
  /** Without user info and query: they may be secret. */
  readonly url: string;
  /** Absent for a stream. */
  readonly path?: string | undefined;
  /** Absent until the origin told. */
  readonly sizeBytes?: number | undefined;
  readonly doneBytes: number;
  readonly bytes: BytesBySource;
}

/**
 * The body of `POST /v1/get`: fetch a URL to a file of this user's. Answered by {@link GetEvent}s,
 * one line of JSON each; whoever hangs up cancels it.
 */
export interface GetRequest {
  readonly url: string;
  /** Absolute. */
  readonly path: string;
  readonly overwrite: boolean;
}

/**
 * The body of `POST /v1/stream`: fetch a URL and hand its bytes over in order. Answered by frames,
 * each a byte that tells what it carries, a big-endian u32 that tells how many bytes, and those:
 * 0 is the content's next bytes, 1 one {@link GetEvent} in JSON. An answer that ends without
 * `done` or `failed` was cut off.
 */
export interface StreamRequest {
  readonly url: string;
}

/** How a download goes. The last event is `done` or `failed`. */
export type GetEvent = GetStarted | GetProgress | GetWarned | GetDone | GetFailed;

export interface GetStarted {
  readonly event: 'started';
  /** Absent where the origin does not tell. */
  readonly sizeBytes?: number | undefined;
  /** Whether blocks are exchanged with peers. */
  readonly isShared: boolean;
}

export interface GetProgress extends Received {
  readonly event: 'progress';
  readonly doneBytes: number;
}

/** Something is not as it should be, and the download copes. */
export interface GetWarned {
  readonly event: 'warned';
  readonly code: string;
  readonly message: string;
}

export interface GetDone extends Received {
  readonly event: 'done';
  /** Absent for a stream. */
  readonly path?: string | undefined;
  readonly sizeBytes: number;
  /** BLAKE3 of the content, in hexadecimal; absent where the origin has no content information. */
  readonly digest?: string | undefined;
  readonly seconds: number;
}

export interface GetFailed extends Failure {
  readonly event: 'failed';
}

/** An error on its way to another process; also the body of every answer but 2xx. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly transient: boolean;
}

/** What one download received so far. */
export interface Received {
  readonly bytes: BytesBySource;
  /** How many peers gave something. */
  readonly peerCount: number;
}
