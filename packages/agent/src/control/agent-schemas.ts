import { KIB } from '@peer-cache/core';
import { NETWORK_COSTS } from '@peer-cache/protocol';
import type {
  AgentStatus,
  CacheCheckEvent,
  CacheCleared,
  CachePage,
  CachePin,
  CacheSegment,
  GetEvent,
  GetRequest,
  LogRecord,
  BackgroundStatus,
  NetworkStatus,
  PeerList,
  PeerStatus,
  StreamRequest,
} from '@peer-cache/protocol';
import { Type } from 'typebox';
import type { TUnsafe } from 'typebox';
import { JOBS_STATUS } from './job-answer-schemas.ts';
import { schemaOf } from './schema-of.ts';
import {
  BYTES_BY_SOURCE,
  CLOSED,
  COUNT,
  MOST_MIRRORS,
  NUMBER,
  PATH,
  TEXT,
} from './value-schemas.ts';

const URL_TEXT = Type.String({ minLength: 1, maxLength: 16 * KIB });

const MIRRORS = Type.Array(URL_TEXT, { maxItems: MOST_MIRRORS });

export const GET_REQUEST: TUnsafe<GetRequest> = schemaOf<GetRequest>()(
  Type.Object(
    { url: URL_TEXT, path: PATH, overwrite: Type.Boolean(), mirrors: Type.Optional(MIRRORS) },
    CLOSED,
  ),
);

export const STREAM_REQUEST: TUnsafe<StreamRequest> = schemaOf<StreamRequest>()(
  Type.Object({ url: URL_TEXT, mirrors: Type.Optional(MIRRORS) }, CLOSED),
);

const FAILED = Type.Object({
  event: Type.Literal('failed'),
  code: TEXT,
  message: TEXT,
  transient: Type.Boolean(),
});

export const GET_EVENT: TUnsafe<GetEvent> = schemaOf<GetEvent>()(
  Type.Union([
    Type.Object({
      event: Type.Literal('started'),
      sizeBytes: Type.Optional(COUNT),
      isShared: Type.Boolean(),
    }),
    Type.Object({
      event: Type.Literal('progress'),
      doneBytes: COUNT,
      bytes: BYTES_BY_SOURCE,
      peerCount: COUNT,
    }),
    Type.Object({ event: Type.Literal('warned'), code: TEXT, message: TEXT }),
    Type.Object({
      event: Type.Literal('done'),
      path: Type.Optional(TEXT),
      sizeBytes: COUNT,
      digest: Type.Optional(TEXT),
      seconds: NUMBER,
      bytes: BYTES_BY_SOURCE,
      peerCount: COUNT,
    }),
    FAILED,
  ]),
);

const PEER = schemaOf<PeerStatus>()(
  Type.Object({
    name: TEXT,
    peerId: Type.Optional(TEXT),
    receivedBytes: COUNT,
    lastSeenSeconds: Type.Optional(NUMBER),
  }),
);

export const PEER_LIST: TUnsafe<PeerList> = schemaOf<PeerList>()(
  Type.Object({ peers: Type.Array(PEER) }),
);

const NETWORK = schemaOf<NetworkStatus>()(
  Type.Object({
    cost: Type.Enum([...NETWORK_COSTS]),
    source: Type.Enum(['configuration', 'network-manager', 'modem-manager', 'default']),
    reason: TEXT,
  }),
);

const BACKGROUND = schemaOf<BackgroundStatus>()(
  Type.Object({
    yieldsFor: Type.Optional(Type.Enum(['delay', 'share', 'machine', 'office'])),
    isOthersTurn: Type.Boolean(),
    queueMs: NUMBER,
    bytesPerSecond: COUNT,
  }),
);

export const AGENT_STATUS: TUnsafe<AgentStatus> = schemaOf<AgentStatus>()(
  Type.Object({
    version: TEXT,
    pid: COUNT,
    peerId: TEXT,
    uptimeSeconds: COUNT,
    sharing: Type.Array(
      Type.Object({
        interfaceName: TEXT,
        addresses: Type.Array(TEXT),
        isSharing: Type.Boolean(),
        reason: TEXT,
      }),
    ),
    servedAt: Type.Array(TEXT),
    peers: Type.Array(PEER),
    store: Type.Object({
      folder: Type.Optional(TEXT),
      segments: COUNT,
      usedBytes: COUNT,
      limitBytes: COUNT,
    }),
    received: BYTES_BY_SOURCE,
    servedBytes: COUNT,
    transfers: Type.Array(
      Type.Object({
        url: TEXT,
        path: Type.Optional(TEXT),
        sizeBytes: Type.Optional(COUNT),
        doneBytes: COUNT,
        bytes: BYTES_BY_SOURCE,
      }),
    ),
    jobs: Type.Optional(JOBS_STATUS),
    machine: Type.Optional(
      Type.Object({
        role: Type.Union([Type.Literal('serving'), Type.Literal('joined')]),
        socketPath: TEXT,
        isReachable: Type.Boolean(),
      }),
    ),
    network: Type.Optional(NETWORK),
    background: Type.Optional(BACKGROUND),
    power: Type.Optional(
      Type.Object({ isOnBattery: Type.Boolean(), isServingAllowed: Type.Boolean() }),
    ),
  }),
);

export const CACHE_SEGMENT: TUnsafe<CacheSegment> = schemaOf<CacheSegment>()(
  Type.Object({
    segmentId: TEXT,
    sizeBytes: COUNT,
    storedBytes: COUNT,
    lastUsedMs: NUMBER,
    isPinned: Type.Boolean(),
    serveUntilMs: NUMBER,
  }),
);

export const CACHE_PAGE: TUnsafe<CachePage> = schemaOf<CachePage>()(
  Type.Object({
    segments: Type.Array(CACHE_SEGMENT),
    total: COUNT,
    next: Type.Optional(TEXT),
  }),
);

export const CACHE_CLEARED: TUnsafe<CacheCleared> = schemaOf<CacheCleared>()(
  Type.Object({ removedSegments: COUNT, freedBytes: COUNT, keptSegments: COUNT }),
);

export const CACHE_PIN: TUnsafe<CachePin> = schemaOf<CachePin>()(
  Type.Object(
    { segmentId: Type.String({ pattern: '^[0-9a-f]{8,32}$' }), isPinned: Type.Boolean() },
    CLOSED,
  ),
);

const CHECK_COUNTS = { checkedBlocks: COUNT, damagedBlocks: COUNT };

export const CACHE_CHECK_EVENT: TUnsafe<CacheCheckEvent> = schemaOf<CacheCheckEvent>()(
  Type.Union([
    Type.Object({
      event: Type.Literal('progress'),
      ...CHECK_COUNTS,
      checkedSegments: COUNT,
      segments: COUNT,
    }),
    Type.Object({ event: Type.Literal('done'), ...CHECK_COUNTS }),
    FAILED,
  ]),
);

export const LOG_RECORD: TUnsafe<LogRecord> = Type.Unsafe<LogRecord>(
  Type.Object({ level: NUMBER, time: NUMBER, msg: TEXT }, { additionalProperties: true }),
);
