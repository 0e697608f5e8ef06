import type { BytesBySource } from './bytes-by-source.ts';
import type { Failure } from './failure.ts';
import type { JobState, JobSummary } from './jobs.ts';
import type { NetworkCost } from './network-cost.ts';

/**
 * What crosses the agent's control socket: JSON over HTTP/1.1 on a Unix socket, never on the
 * network. Types only, so that a command which asks for the status loads nothing for it. The
 * version of all of it is the first part of each path.
 */
export type ControlPath =
  | '/v1/status'
  | '/v1/get'
  | '/v1/stream'
  | '/v1/jobs'
  | `/v1/jobs/${string}`
  | '/v1/events'
  | '/v1/peers'
  | '/v1/cache'
  | `/v1/cache/${'clear' | 'pin' | 'verify'}`
  | '/v1/log'
  | '/v1/openapi.json';

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
  readonly jobs?: JobsStatus | undefined;
  /** Absent for an agent that is alone on its machine. */
  readonly machine?: MachineStatus | undefined;
  /** Absent for an agent within a command, which lets no job wait for a cheaper network. */
  readonly network?: NetworkStatus | undefined;
  readonly power?: PowerStatus | undefined;
  /** Absent before the first request in the background. */
  readonly background?: BackgroundStatus | undefined;
}

/** How requests in the background fare on the way to origins. */
export interface BackgroundStatus {
  /** Why they stand back; absent while they do not. */
  readonly yieldsFor?: YieldReason | undefined;
  /** Whether it is another agent's turn on the way out that they share. */
  readonly isOthersTurn: boolean;
  /** What waits on the way, in ms: at most what is aimed at, where nobody else is there. */
  readonly queueMs: number;
  /** What the way out was found to bring at best, in bytes per second; 0 for unknown. */
  readonly bytesPerSecond: number;
}

/**
 * Others are known by delay that own requests do not explain, or by a share of the link that is
 * missing; or somebody says so: this machine, or an agent where a person waits.
 */
export type YieldReason = 'delay' | 'share' | 'machine' | 'office';

/** What the network of the default route costs at present, as in BITS (COST-01). */
export interface NetworkStatus {
  readonly cost: NetworkCost;
  /** Who says so. */
  readonly source: 'configuration' | 'network-manager' | 'modem-manager' | 'default';
  /** The same for people. */
  readonly reason: string;
}

export interface PowerStatus {
  readonly isOnBattery: boolean;
  /** Whether peers may be served with the power that there is (`serving.on_battery`). */
  readonly isServingAllowed: boolean;
}

/** What an agent has to do with the others of its machine. */
export interface MachineStatus {
  /** The machine's agent serves its users; theirs have joined it. */
  readonly role: 'serving' | 'joined';
  readonly socketPath: string;
  /** Whether the machine's agent answered the last time that it was asked. */
  readonly isReachable: boolean;
}

export interface JobsStatus {
  readonly counts: Readonly<Record<JobState, number>>;
  /** Those that are connecting or transferring. */
  readonly running: readonly JobSummary[];
  /** Content bytes that jobs sent since the agent started; absent where they sent none. */
  readonly sentBytes?: number | undefined;
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
  /** Other URLs that have the same bytes. */
  readonly mirrors?: readonly string[] | undefined;
}

/**
 * The body of `POST /v1/stream`: fetch a URL and hand its bytes over in order. Answered by frames,
 * each a byte that tells what it carries, a big-endian u32 that tells how many bytes, and those:
 * 0 is the content's next bytes, 1 one {@link GetEvent} in JSON. An answer that ends without
 * `done` or `failed` was cut off.
 */
export interface StreamRequest {
  readonly url: string;
  /** Other URLs that have the same bytes. */
  readonly mirrors?: readonly string[] | undefined;
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

/** The answer to `GET /v1/peers`. */
export interface PeerList {
  readonly peers: readonly PeerStatus[];
}

/** One segment in the store. */
export interface CacheSegment {
  /** In hexadecimal; logs show its first 8 digits. */
  readonly segmentId: string;
  readonly sizeBytes: number;
  /** What is here of it, its block hash list included. */
  readonly storedBytes: number;
  readonly lastUsedMs: number;
  /** Whether it is kept from being evicted. */
  readonly isPinned: boolean;
  /** Peers are given it until then, unless its origin confirms it again. */
  readonly serveUntilMs: number;
}

/** The answer to `GET /v1/cache?limit=&after=`: a page, in order of segment IDs. */
export interface CachePage {
  readonly segments: readonly CacheSegment[];
  /** Segments on all pages. */
  readonly total: number;
  /** To be given as `after` for the next page; absent on the last. */
  readonly next?: string | undefined;
}

/** The answer to `POST /v1/cache/clear`. */
export interface CacheCleared {
  readonly removedSegments: number;
  readonly freedBytes: number;
  /** Pinned, or in use. */
  readonly keptSegments: number;
}

/** The body of `POST /v1/cache/pin`; answered by the {@link CacheSegment} as it is then. */
export interface CachePin {
  /** A segment ID, or its first 8 digits or more where no other segment begins so. */
  readonly segmentId: string;
  readonly isPinned: boolean;
}

/**
 * How `POST /v1/cache/verify` goes, one line of JSON each: every block in the store is read and
 * verified, and the damaged ones are forgotten. The last event is `done` or `failed`.
 */
export type CacheCheckEvent = CacheCheckProgress | CacheCheckDone | GetFailed;

export interface CacheCheckProgress extends CacheCheckCounts {
  readonly event: 'progress';
  readonly checkedSegments: number;
  /** Segments to be checked in all. */
  readonly segments: number;
}

export interface CacheCheckDone extends CacheCheckCounts {
  readonly event: 'done';
}

export interface CacheCheckCounts {
  readonly checkedBlocks: number;
  readonly damagedBlocks: number;
}

/** Which records `GET /v1/log?level=&follow=` gives: those of this level and above. */
export type LogRecordLevel = 'debug' | 'info' | 'warn' | 'error';

/** One line of the answer to `GET /v1/log`. */
export interface LogRecord {
  /** 20 debug, 30 info, 40 warn, 50 error. */
  readonly level: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly msg: string;
  readonly [fact: string]: unknown;
}

/** What one download received so far. */
export interface Received {
  readonly bytes: BytesBySource;
  /** How many peers gave something. */
  readonly peerCount: number;
}
