import { KIB } from '@peer-cache/core';
import { COST_POLICIES } from '@peer-cache/protocol';
import type {
  BytesBySource,
  CostPolicy,
  ErrorContext,
  Failure,
  JobFileState,
  JobKind,
  JobPriority,
  JobState,
  RequestedRange,
  UploadProtocol,
} from '@peer-cache/protocol';
import { Type } from 'typebox';
import type { TInteger, TNumber, TString, TUnsafe } from 'typebox';
import { schemaOf } from './schema-of.ts';

/** For objects that are sent to us: whoever says more than we know is told so. */
export const CLOSED: { readonly additionalProperties: false } = { additionalProperties: false };

/** A number of bytes, blocks or other things. */
export const COUNT: TInteger = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
export const NUMBER: TNumber = Type.Number();
export const TEXT: TString = Type.String();
/** As long as BITS allows (JOB-06). */
export const JOB_URL: TString = Type.String({ minLength: 1, maxLength: 2200 });
/** Other URLs of one content. */
export const MOST_MIRRORS = 16;
/** As long as Linux allows. */
export const PATH: TString = Type.String({ minLength: 1, maxLength: 4 * KIB });

const STATES = [
  'suspended',
  'queued',
  'connecting',
  'transferring',
  'transient-error',
  'error',
  'transferred',
  'acknowledged',
  'cancelled',
] as const;

export const JOB_STATES: readonly JobState[] = STATES;

export const JOB_STATE: TUnsafe<JobState> = schemaOf<JobState>()(Type.Enum([...STATES]));

export const JOB_PRIORITY: TUnsafe<JobPriority> = schemaOf<JobPriority>()(
  Type.Enum(['foreground', 'high', 'normal', 'low']),
);

export const JOB_KIND: TUnsafe<JobKind> = schemaOf<JobKind>()(
  Type.Enum(['download', 'upload', 'upload-reply']),
);

export const UPLOAD_PROTOCOL: TUnsafe<UploadProtocol> = schemaOf<UploadProtocol>()(
  Type.Enum(['tus', 'ietf', 'put', 's3']),
);

export const COST_POLICY: TUnsafe<CostPolicy> = schemaOf<CostPolicy>()(
  Type.Enum([...COST_POLICIES]),
);

export const JOB_FILE_STATE: TUnsafe<JobFileState> = schemaOf<JobFileState>()(
  Type.Enum(['waiting', 'transferring', 'failed', 'transferred', 'released']),
);

export const ERROR_CONTEXT: TUnsafe<ErrorContext> = schemaOf<ErrorContext>()(
  Type.Enum([
    'none',
    'unknown',
    'general-queue-manager',
    'queue-manager-notification',
    'local-file',
    'remote-file',
    'general-transport',
    'remote-application',
  ]),
);

export const RANGE: TUnsafe<RequestedRange> = schemaOf<RequestedRange>()(
  Type.Object({ startByte: COUNT, endByte: Type.Optional(COUNT) }, CLOSED),
);

export const BYTES_BY_SOURCE: TUnsafe<BytesBySource> = schemaOf<BytesBySource>()(
  Type.Object({ store: COUNT, peers: COUNT, origin: COUNT }),
);

export const FAILURE: TUnsafe<Failure> = schemaOf<Failure>()(
  Type.Object({
    code: Type.String({ description: 'Stable, upper case.' }),
    message: Type.String({ description: 'For people: what failed, why, and what to do.' }),
    transient: Type.Boolean({ description: 'Whether the same may succeed later.' }),
  }),
);
