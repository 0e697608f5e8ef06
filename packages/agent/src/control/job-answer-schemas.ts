import type {
  CompletionReport,
  JobDetails,
  JobError,
  JobEvent,
  JobExplanation,
  JobFileStatus,
  JobPage,
  JobReply,
  JobSettings,
  JobsStatus,
  JobSummary,
} from '@peer-cache/protocol';
import { Type } from 'typebox';
import type { TUnsafe } from 'typebox';
import { TRANSPORT } from './job-request-schemas.ts';
import { schemaOf } from './schema-of.ts';
import {
  BYTES_BY_SOURCE,
  COST_POLICY,
  COUNT,
  ERROR_CONTEXT,
  JOB_FILE_STATE,
  JOB_KIND,
  JOB_PRIORITY,
  JOB_STATE,
  NUMBER,
  RANGE,
  TEXT,
  UPLOAD_PROTOCOL,
} from './value-schemas.ts';

const FAILURE_FIELDS = { code: TEXT, message: TEXT, transient: Type.Boolean() };

const ERROR = schemaOf<JobError>()(
  Type.Object({
    ...FAILURE_FIELDS,
    context: ERROR_CONTEXT,
    atMs: NUMBER,
    fileIndex: Type.Optional(COUNT),
    url: Type.Optional(TEXT),
  }),
);

const SUMMARY_FIELDS = {
  id: TEXT,
  kind: JOB_KIND,
  name: TEXT,
  state: JOB_STATE,
  priority: JOB_PRIORITY,
  fileCount: COUNT,
  transferredFileCount: COUNT,
  failedFileCount: COUNT,
  sizeBytes: Type.Optional(COUNT),
  doneBytes: COUNT,
  bytes: BYTES_BY_SOURCE,
  sentBytes: Type.Optional(COUNT),
  createdMs: NUMBER,
  modifiedMs: NUMBER,
  transferredMs: Type.Optional(NUMBER),
  error: Type.Optional(ERROR),
  retryInSeconds: Type.Optional(NUMBER),
};

const SUMMARY = schemaOf<JobSummary>()(Type.Object(SUMMARY_FIELDS));

const SETTINGS = schemaOf<JobSettings>()(
  Type.Object({
    name: TEXT,
    description: TEXT,
    priority: JOB_PRIORITY,
    minimumRetryDelaySeconds: NUMBER,
    noProgressTimeoutSeconds: NUMBER,
    maximumDownloadSeconds: NUMBER,
    autoComplete: Type.Boolean(),
    overwrite: Type.Boolean(),
    sharing: Type.Boolean(),
    notify: Type.Array(TEXT),
    transport: TRANSPORT,
    limit: Type.Optional(COUNT),
    costPolicy: Type.Optional(COST_POLICY),
  }),
);

const FILE_STATUS = schemaOf<JobFileStatus>()(
  Type.Object({
    index: COUNT,
    url: TEXT,
    path: TEXT,
    state: JOB_FILE_STATE,
    sizeBytes: Type.Optional(COUNT),
    doneBytes: COUNT,
    mirrors: Type.Optional(Type.Array(TEXT)),
    ranges: Type.Optional(Type.Array(RANGE)),
    error: Type.Optional(ERROR),
    responseHeaders: Type.Optional(Type.Record(Type.String(), Type.String())),
    digest: Type.Optional(TEXT),
    upload: Type.Optional(Type.Object({ name: TEXT, protocol: Type.Optional(UPLOAD_PROTOCOL) })),
  }),
);

export const JOB_DETAILS: TUnsafe<JobDetails> = schemaOf<JobDetails>()(
  Type.Object({
    ...SUMMARY_FIELDS,
    settings: SETTINGS,
    secrets: Type.Object({
      headers: Type.Array(TEXT),
      origin: Type.Boolean(),
      proxy: Type.Boolean(),
      clientCertificate: Type.Boolean(),
    }),
    files: Type.Array(FILE_STATUS),
    errorCount: COUNT,
    errors: Type.Array(ERROR),
    times: Type.Object({
      activeSeconds: NUMBER,
      noProgressSeconds: NUMBER,
      inactiveSeconds: NUMBER,
    }),
  }),
);

export const JOB_PAGE: TUnsafe<JobPage> = schemaOf<JobPage>()(
  Type.Object({ jobs: Type.Array(SUMMARY), total: COUNT, next: Type.Optional(TEXT) }),
);

export const JOBS_STATUS: TUnsafe<JobsStatus> = schemaOf<JobsStatus>()(
  Type.Object({
    counts: Type.Object({
      suspended: COUNT,
      queued: COUNT,
      connecting: COUNT,
      transferring: COUNT,
      'transient-error': COUNT,
      error: COUNT,
      transferred: COUNT,
      acknowledged: COUNT,
      cancelled: COUNT,
    }),
    running: Type.Array(SUMMARY),
    sentBytes: Type.Optional(COUNT),
  }),
);

export const COMPLETION_REPORT: TUnsafe<CompletionReport> = schemaOf<CompletionReport>()(
  Type.Object({
    state: JOB_STATE,
    released: Type.Array(TEXT),
    dropped: Type.Array(TEXT),
    failures: Type.Array(Type.Object({ ...FAILURE_FIELDS, path: TEXT })),
  }),
);

export const JOB_REPLY: TUnsafe<JobReply> = schemaOf<JobReply>()(
  Type.Object({ path: TEXT, sizeBytes: COUNT, base64: TEXT }),
);

export const JOB_EXPLANATION: TUnsafe<JobExplanation> = schemaOf<JobExplanation>()(
  Type.Object({
    id: TEXT,
    name: TEXT,
    state: JOB_STATE,
    reasons: Type.Array(Type.Object({ code: TEXT, text: TEXT, inSeconds: Type.Optional(NUMBER) })),
  }),
);

export const JOB_EVENT: TUnsafe<JobEvent> = schemaOf<JobEvent>()(
  Type.Union([
    Type.Object({
      event: Type.Enum(['job-created', 'job-moved']),
      job: SUMMARY,
      from: Type.Optional(JOB_STATE),
    }),
    Type.Object({ event: Type.Enum(['job-progressed', 'job-changed']), job: SUMMARY }),
    Type.Object({ event: Type.Literal('job-removed'), id: TEXT, state: JOB_STATE }),
    Type.Object({ event: Type.Literal('file-moved'), jobId: TEXT, file: FILE_STATUS }),
  ]),
);
