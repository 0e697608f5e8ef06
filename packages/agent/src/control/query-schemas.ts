import type { LogRecordLevel } from '@peer-cache/protocol';
import { Type } from 'typebox';
import type { TObject, TString, TUnsafe } from 'typebox';
import { schemaOf } from './schema-of.ts';
import { CLOSED, JOB_STATES } from './value-schemas.ts';

/** The path of everything below `/v1/jobs/`. */
export interface JobParams {
  readonly job: string;
}

export interface JobListQuery {
  readonly state?: string;
  readonly limit?: string;
  readonly after?: string;
}

export interface EventQuery {
  readonly job?: string;
}

export interface CacheListQuery {
  readonly limit?: string;
  readonly after?: string;
}

export interface LogQuery {
  readonly level?: LogRecordLevel;
  readonly follow?: '0' | '1';
}

const JOB = Type.String({
  minLength: 1,
  maxLength: 256,
  description: 'ID, unambiguous start of an ID (4 characters or more), or unambiguous name.',
});

// Numbers of a query are text: nothing of a request is converted before it is checked.
const LIMIT = Type.String({
  pattern: '^(?:[1-9][0-9]{0,2}|1000)$',
  description: 'Most on a page: 1 to 1000; 100 where absent.',
});

const ONE_STATE = `(?:${JOB_STATES.join('|')})`;

export const NO_QUERY: TObject = Type.Object({}, CLOSED);

export const JOB_PARAMS: TUnsafe<JobParams> = schemaOf<JobParams>()(
  Type.Object({ job: JOB }, CLOSED),
);

export const JOB_LIST_QUERY: TUnsafe<JobListQuery> = schemaOf<JobListQuery>()(
  Type.Object(
    {
      state: Type.Optional(
        Type.String({
          pattern: `^${ONE_STATE}(?:,${ONE_STATE})*$`,
          description: 'States with commas between them; all where absent.',
        }),
      ),
      limit: Type.Optional(LIMIT),
      after: Type.Optional(nextOf('^[ -~]{1,256}$')),
    },
    CLOSED,
  ),
);

export const EVENT_QUERY: TUnsafe<EventQuery> = schemaOf<EventQuery>()(
  Type.Object({ job: Type.Optional(JOB) }, CLOSED),
);

export const CACHE_LIST_QUERY: TUnsafe<CacheListQuery> = schemaOf<CacheListQuery>()(
  Type.Object(
    { limit: Type.Optional(LIMIT), after: Type.Optional(nextOf('^[0-9a-f]{32}$')) },
    CLOSED,
  ),
);

export const LOG_QUERY: TUnsafe<LogQuery> = schemaOf<LogQuery>()(
  Type.Object(
    {
      level: Type.Optional(Type.Enum(['debug', 'info', 'warn', 'error'])),
      follow: Type.Optional(Type.Enum(['0', '1'])),
    },
    CLOSED,
  ),
);

/** The most entries that a checked query wants on a page. */
export function limitOf({ limit = '100' }: { readonly limit?: string }): number {
  return Number(limit);
}

function nextOf(pattern: string): TString {
  return Type.String({ pattern, description: '`next` of the page before.' });
}
