import { KIB } from '@peer-cache/core';
import type {
  ClientCertificate,
  Credentials,
  FilesAddition,
  JobChanges,
  JobFileRequest,
  JobRequest,
  JobSecrets,
  PartsPlan,
  ProxyUse,
  Retarget,
  TransportSettings,
  UploadRequest,
} from '@peer-cache/protocol';
import { Type } from 'typebox';
import type { TUnsafe } from 'typebox';
import { schemaOf } from './schema-of.ts';
import {
  CLOSED,
  COST_POLICY,
  COUNT,
  JOB_KIND,
  JOB_PRIORITY,
  JOB_URL,
  MOST_MIRRORS,
  PATH,
  RANGE,
  UPLOAD_PROTOCOL,
} from './value-schemas.ts';

/** What BITS has room for (a ULONG): 136 years. */
const MOST_SECONDS = 2 ** 32 - 1;
const LEAST_RETRY_DELAY_SECONDS = 5;

const SECONDS = Type.Integer({ minimum: 0, maximum: MOST_SECONDS });
/** LIM-07: 300 characters for a user, 4000 for a proxy or a bypass list. */
const USER = Type.String({ minLength: 1, maxLength: 300 });
const PASSWORD = Type.String({ maxLength: 4 * KIB });
const SECRET_TEXT = Type.String({ minLength: 1, maxLength: 16 * KIB });
const PROXY_URL = Type.String({ minLength: 1, maxLength: 4000 });
const BYPASSED = Type.String({ minLength: 1, maxLength: 256 });

const PROXY = schemaOf<ProxyUse>()(
  Type.Union([
    Type.Object({ use: Type.Literal('environment') }, CLOSED),
    Type.Object({ use: Type.Literal('none') }, CLOSED),
    Type.Object(
      {
        use: Type.Literal('explicit'),
        url: PROXY_URL,
        bypass: Type.Array(BYPASSED, { maxItems: 256 }),
      },
      CLOSED,
    ),
  ]),
);

/** How a job reaches its origins; also a part of the answers about it. */
export const TRANSPORT: TUnsafe<TransportSettings> = schemaOf<TransportSettings>()(
  Type.Object(
    {
      proxy: PROXY,
      redirects: Type.Enum(['follow', 'same-origin', 'refuse']),
      allowHttp: Type.Boolean(),
      caFile: Type.Optional(PATH),
    },
    CLOSED,
  ),
);

const CREDENTIALS = schemaOf<Credentials>()(
  Type.Union([
    Type.Object({ scheme: Type.Enum(['basic', 'digest']), user: USER, password: PASSWORD }, CLOSED),
    Type.Object({ scheme: Type.Literal('bearer'), token: SECRET_TEXT }, CLOSED),
  ]),
);

const CERTIFICATE = schemaOf<ClientCertificate>()(
  Type.Object(
    {
      certificate: Type.Optional(SECRET_TEXT),
      key: Type.Optional(SECRET_TEXT),
      pfx: Type.Optional(SECRET_TEXT),
      passphrase: Type.Optional(PASSWORD),
    },
    CLOSED,
  ),
);

const SECRETS = schemaOf<JobSecrets>()(
  Type.Object(
    {
      headers: Type.Optional(Type.Record(Type.String(), Type.String({ maxLength: 16 * KIB }))),
      origin: Type.Optional(CREDENTIALS),
      proxy: Type.Optional(CREDENTIALS),
      clientCertificate: Type.Optional(CERTIFICATE),
    },
    CLOSED,
  ),
);

const NAME = Type.String({ minLength: 1, maxLength: 256 });

const CHANGES = {
  name: Type.Optional(NAME),
  description: Type.Optional(Type.String({ maxLength: 1024 })),
  priority: Type.Optional(JOB_PRIORITY),
  minimumRetryDelaySeconds: Type.Optional(
    Type.Integer({ minimum: LEAST_RETRY_DELAY_SECONDS, maximum: MOST_SECONDS }),
  ),
  noProgressTimeoutSeconds: Type.Optional(SECONDS),
  maximumDownloadSeconds: Type.Optional(SECONDS),
  autoComplete: Type.Optional(Type.Boolean()),
  overwrite: Type.Optional(Type.Boolean()),
  sharing: Type.Optional(Type.Boolean()),
  notify: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 256 }), { maxItems: 16 }),
  ),
  transport: Type.Optional(TRANSPORT),
  limit: Type.Optional(Type.Union([COUNT, Type.Literal('none')])),
  costPolicy: Type.Optional(Type.Union([COST_POLICY, Type.Literal('default')])),
  secrets: Type.Optional(SECRETS),
};

const PARTS_PLAN = schemaOf<PartsPlan>()(
  Type.Object(
    {
      partBytes: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
      partUrls: Type.Array(JOB_URL, { minItems: 1, maxItems: 10_000 }),
      completeUrl: JOB_URL,
    },
    CLOSED,
  ),
);

const UPLOAD = schemaOf<UploadRequest>()(
  Type.Object(
    {
      name: Type.Optional(Type.String({ minLength: 1, maxLength: 1024 })),
      protocol: Type.Optional(UPLOAD_PROTOCOL),
      s3: Type.Optional(PARTS_PLAN),
      replyPath: Type.Optional(PATH),
    },
    CLOSED,
  ),
);

const FILE = schemaOf<JobFileRequest>()(
  Type.Object(
    {
      url: JOB_URL,
      path: PATH,
      mirrors: Type.Optional(Type.Array(JOB_URL, { maxItems: MOST_MIRRORS })),
      // How many files and ranges there may be is configured, and is checked where jobs are kept.
      ranges: Type.Optional(Type.Array(RANGE)),
      digest: Type.Optional(
        Type.String({ pattern: '^(?:blake3|sha256|sha384|sha512):[0-9A-Fa-f]{64,128}$' }),
      ),
      upload: Type.Optional(UPLOAD),
    },
    CLOSED,
  ),
);

export const JOB_REQUEST: TUnsafe<JobRequest> = schemaOf<JobRequest>()(
  Type.Object(
    {
      ...CHANGES,
      kind: Type.Optional(JOB_KIND),
      name: NAME,
      files: Type.Optional(Type.Array(FILE)),
      resume: Type.Optional(Type.Boolean()),
    },
    CLOSED,
  ),
);

export const JOB_CHANGES: TUnsafe<JobChanges> = schemaOf<JobChanges>()(
  Type.Object(CHANGES, CLOSED),
);

export const FILES_ADDITION: TUnsafe<FilesAddition> = schemaOf<FilesAddition>()(
  Type.Object({ files: Type.Array(FILE, { minItems: 1 }) }, CLOSED),
);

export const RETARGET: TUnsafe<Retarget> = schemaOf<Retarget>()(
  Type.Union([
    Type.Object({ fileIndex: COUNT, url: JOB_URL }, CLOSED),
    Type.Object({ oldPrefix: JOB_URL, newPrefix: JOB_URL }, CLOSED),
  ]),
);
