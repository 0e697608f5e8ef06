import { CONTENT_INFORMATION_TYPE, MINUTE_MS, SECOND_MS } from '@peer-cache/core';
import type { Log, PeerCacheError } from '@peer-cache/core';
import Fastify from 'fastify';
import type { FastifyError, FastifyInstance } from 'fastify';
import { contentInformation } from './content-information-plugin.ts';
import type { ContentInformationOptions } from './content-information-plugin.ts';
import type { ContentTraffic } from './content-traffic.ts';
import { OriginAddressUnavailableError } from './errors.ts';
import { uploads } from './uploads/uploads-plugin.ts';
import type { UploadsOptions } from './uploads/uploads-plugin.ts';

export interface OriginParts {
  readonly log: Log;
}

export interface OriginOptions extends Omit<ContentInformationOptions, 'log'> {
  /** Only this machine can reach it unless told otherwise. */
  readonly host?: string | undefined;
  /** Any free one unless told otherwise. */
  readonly port?: number | undefined;
  /** Takes uploads as well. */
  readonly uploads?: Omit<UploadsOptions, 'log'> | undefined;
}

/** An origin that is listening; disposing of it cuts what it is sending. */
export interface RunningOrigin extends AsyncDisposable {
  /** Without a slash at its end. */
  readonly url: string;
  readonly port: number;
  readonly traffic: ContentTraffic;
}

/** A client has this long to send its request, and to take anything at all of the answer. */
const REQUEST_TIMEOUT_MS = 30 * SECOND_MS;
const STALL_TIMEOUT_MS = 2 * MINUTE_MS;

/**
 * Serves a folder over HTTP as an origin of peer-cache. Plain HTTP: whatever lets others in, TLS
 * or a log-on, stands in front of it.
 *
 * @throws {FolderNotFoundError} {@link ServerSecretUnsafeError} {@link StateFolderUnusableError}
 * @throws {UploadFolderUnusableError} for the folder of uploads
 * @throws {OriginAddressUnavailableError} when it can't listen there.
 */
export async function startOrigin(
  { log }: OriginParts,
  { host = '127.0.0.1', port = 0, prefix = '/', uploads: taken, ...options }: OriginOptions,
): Promise<RunningOrigin> {
  const app = Fastify({
    forceCloseConnections: true,
    // An upload lasts as long as it moves.
    requestTimeout: taken === undefined ? REQUEST_TIMEOUT_MS : 0,
    connectionTimeout: STALL_TIMEOUT_MS,
  });
  logAnswers(app, log);
  answerErrors(app, log);
  try {
    await app.register(contentInformation, { ...options, prefix, log });
    if (taken !== undefined) await app.register(uploads, { ...taken, log });
    const url = await listen(app, host, port);
    const [address] = app.addresses();
    log.info({ url, folder: options.folder }, 'origin started');
    return {
      url,
      port: typeof address === 'object' ? address.port : port,
      traffic: app.contentTraffic,
      [Symbol.asyncDispose]: () => app.close(),
    };
  } catch (error) {
    await app.close();
    throw error;
  }
}

async function listen(app: FastifyInstance, host: string, port: number): Promise<string> {
  await app.ready();
  try {
    return await app.listen({ host, port });
  } catch (cause) {
    throw new OriginAddressUnavailableError(host, port, { cause });
  }
}

function logAnswers(app: FastifyInstance, log: Log): void {
  app.addHook('onResponse', async (request, reply) => {
    // Whoever uploads in the background asks some ten times a second.
    if (request.method === 'OPTIONS') return;
    const isInformation = reply.getHeader('content-type') === CONTENT_INFORMATION_TYPE;
    const isBody = reply.statusCode < 300 && request.method !== 'HEAD';
    log.info(
      {
        method: request.method,
        // Without the query, which may hold a secret.
        path: request.url.replace(/\?.*/s, ''),
        status: reply.statusCode,
        representation: isInformation ? 'content-information' : 'content',
        bytes: isBody ? Number(reply.getHeader('content-length')) : 0,
        isWhole: reply.raw.writableFinished,
        ms: Math.round(reply.elapsedTime),
        address: request.ip,
      },
      'request answered',
    );
  });
}

function answerErrors(app: FastifyInstance, log: Log): void {
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ code: 'NOT_FOUND' }));
  app.setErrorHandler((error: FastifyError | PeerCacheError, request, reply) => {
    const status = ('statusCode' in error && error.statusCode) || 500;
    if (status >= 500) log.error({ err: error, path: request.url }, 'request failed');
    // The code only: messages may name paths of this machine.
    return reply.code(status).send({ code: status === 500 ? 'INTERNAL_ERROR' : error.code });
  });
}
