/** What crosses the agent's control socket: JSON over HTTP on a Unix socket, never on the network. */

export const CONTROL_VERSION = 1;

/** Bytes by where they came from. */
export interface BytesBySource {
  readonly store: number;
  readonly peers: number;
  readonly origin: number;
}

/** `GET /v1/status`: what the agent has, does and has saved. */
export interface AgentStatus {
  readonly version: string;
  readonly pid: number;
  readonly peerId: string;
  readonly uptimeSeconds: number;
  readonly sharing: readonly SharingStatus[];
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
  readonly port: number;
  /** True where it shares; `reason` says why or why not. */
  readonly isSharing: boolean;
  readonly reason: string;
}

export interface PeerStatus {
  readonly address: string;
  readonly peerId: string | undefined;
  readonly receivedBytes: number;
  readonly lastSeenSeconds: number;
}

export interface StoreStatus {
  readonly folder: string;
  readonly segments: number;
  readonly usedBytes: number;
  readonly limitBytes: number;
}

export interface TransferStatus {
  readonly url: string;
  readonly path: string | undefined;
  readonly sizeBytes: number | undefined;
  readonly doneBytes: number;
  readonly bytes: BytesBySource;
}

/** `POST /v1/get`: fetch a URL to a file of this user's. Answered by lines of {@link GetEvent}. */
export interface GetRequest {
  readonly url: string;
  /** Absolute. */
  readonly path: string;
  readonly overwrite: boolean;
}

/** One line of JSON each; the last one is `done` or `failed`. */
export type GetEvent =
  | {
      readonly event: 'started';
      readonly sizeBytes: number | undefined;
      readonly isShared: boolean;
    }
  | { readonly event: 'progress'; readonly doneBytes: number; readonly bytes: BytesBySource }
  | {
      readonly event: 'done';
      readonly path: string;
      readonly sizeBytes: number;
      readonly digest: string;
      readonly bytes: BytesBySource;
      readonly seconds: number;
    }
  | {
      readonly event: 'failed';
      readonly code: string;
      readonly message: string;
      readonly transient: boolean;
    };
