import { randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { DAY_MS, HOUR_MS, messageOf, PeerCacheError } from '@peer-cache/core';
import type { Log } from '@peer-cache/core';
import { Server } from '@tus/server';
import type { Upload } from '@tus/utils';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { finishUpload } from './finish-upload.ts';
import { checkPlace } from './place-upload.ts';
import { UploadFolderUnusableError, UploadNoRoomError } from './upload-errors.ts';
import type { UploadApplication } from './upload-notice.ts';
import { UploadNotices } from './upload-notices.ts';
import type { UploadRecord } from './upload-record.ts';
import { UploadSessions } from './upload-sessions.ts';
import { UploadStore } from './upload-store.ts';

export interface UploadsOptions {
  /** Where uploads get their names. */
  readonly folder: string;
  readonly log: Log;
  /** Path below which uploads are taken: begins with a slash, and ends with none. */
  readonly path?: string | undefined;
  /** Of one upload. */
  readonly mostBytes?: number | undefined;
  /** Of what one user has under way at a time. */
  readonly quotaBytes?: number | undefined;
  /** Whether an upload may replace a file of its name. */
  readonly overwrite?: boolean | undefined;
  /** Told of each upload. */
  readonly application?: UploadApplication | undefined;
  /** Who sends it, for the quota; the address that it comes from, unless given. */
  readonly userOf?: ((headers: Headers, address: string) => string) | undefined;
  readonly nowMs?: (() => number) | undefined;
}

/** As BITS has them (UP-12, TM-07): sessions of two weeks, looked after twice a day. */
const EXPIRY_MS = 14 * DAY_MS;
const SWEEP_MS = 12 * HOUR_MS;
/** An application that answers at once can have its reply told with the last answer. */
const TELL_MS = 10_000;
const USUAL_PATH = '/uploads';
const SHA256 = /sha-256=:[\w+/]{43}=:/;

/** Takes uploads by tus 1.0, resumable over any break, and gives each its name once it is whole. */
export async function uploads(app: FastifyInstance, options: UploadsOptions): Promise<void> {
  const { folder, log, path = USUAL_PATH } = options;
  await checkFolder(folder);
  const sessions = await UploadSessions.open(folder);
  const part = new Uploads(options, sessions);
  const { store } = part;
  await store.deleteExpired();
  const sweep = setInterval(() => {
    store.deleteExpired().catch((err: unknown) => log.error({ err }, 'uploads were not swept'));
  }, SWEEP_MS);
  sweep.unref();
  app.addHook('onClose', async () => {
    clearInterval(sweep);
    await part[Symbol.asyncDispose]();
  });
  // Bodies are taken as they come.
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  const serve = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    await part.serve(request, reply);
  };
  for (const url of [path, `${path}/`, `${path}/:id`]) {
    app.route({ method: ['OPTIONS', 'POST', 'HEAD', 'PATCH', 'DELETE'], url, handler: serve });
  }
  log.info({ folder, path, sessions: sessions.all().length }, 'uploads are taken');
}

class Uploads implements AsyncDisposable {
  readonly store: UploadStore;
  readonly #options: UploadsOptions;
  readonly #sessions: UploadSessions;
  readonly #tus: Server;
  readonly #notices: UploadNotices | undefined;
  /** Who sends what is being created: between two calls of the protocol's own part. */
  readonly #senders = new WeakMap<Upload, string>();
  readonly #finishing = new Map<string, Promise<UploadRecord>>();

  constructor(options: UploadsOptions, sessions: UploadSessions) {
    this.#options = options;
    this.#sessions = sessions;
    const { folder, log, application, path = USUAL_PATH, mostBytes, nowMs = Date.now } = options;
    this.store = new UploadStore({
      sessions,
      nowMs,
      expiryMs: EXPIRY_MS,
      begin: (upload) => ({
        user: this.#senders.get(upload) ?? '',
        name: upload.metadata?.['filename'] ?? '',
        notice: application === undefined ? undefined : { state: 'pending', tries: 0 },
      }),
    });
    this.#notices =
      application && new UploadNotices({ sessions, application, uploadsFolder: folder, log });
    this.#tus = new Server({
      path,
      datastore: this.store,
      relativeLocation: true,
      // Its own way is to let every web page in, also to an origin that listens on this machine alone.
      allowedOrigins: () => false,
      disableTerminationForFinishedUploads: true,
      namingFunction: () => randomBytes(16).toString('hex'),
      ...(mostBytes !== undefined && { maxSize: mostBytes }),
      onUploadCreate: async ({ runtime, headers }, upload) => {
        const address = runtime?.node?.req.socket?.remoteAddress ?? '';
        await this.#admit(upload, options.userOf?.(headers, address) ?? address);
        return {};
      },
      onIncomingRequest: async ({ headers }, id) => await this.#hear(id, headers),
      onUploadFinish: async ({ headers, url }, { id }) => {
        await this.#hear(id, headers);
        return { headers: await this.#finish(id, new URL(url).host) };
      },
      onResponseError: (_request, error) => this.#refusal(error),
    });
  }

  async serve(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const record = this.#sessions.get(idIn(request.params));
    if (request.method === 'HEAD' && record !== undefined) {
      const headers = await this.#carriedOn(record, request.host);
      for (const [name, value] of Object.entries(headers)) reply.raw.setHeader(name, value);
    }
    reply.hijack();
    await this.#tus.handle(request.raw, reply.raw);
  }

  /** One that has all its bytes and no name yet, for whatever reason, gets it before it is told whole. */
  async #carriedOn(record: UploadRecord, host: string): Promise<Record<string, string>> {
    const { state, sizeBytes, id } = record;
    if (state === 'placed') return lastHeaders(record);
    const isWhole = (await this.#sessions.receivedBytes(record)) === sizeBytes;
    return isWhole ? await this.#finish(id, host) : {};
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#notices?.[Symbol.asyncDispose]();
  }

  async #admit(upload: Upload, user: string): Promise<void> {
    const { folder, overwrite = false, quotaBytes = Infinity } = this.#options;
    await checkPlace(folder, upload.metadata?.['filename'] ?? '', { overwrite });
    const own = this.#sessions.all().filter((each) => each.user === user);
    const open = own.filter(({ state }) => state === 'receiving');
    const usedBytes = open.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    if (usedBytes + (upload.size ?? 0) > quotaBytes) throw new UploadNoRoomError();
    this.#senders.set(upload, user);
  }

  /** Keeps what its sender says of the whole: after a crash nobody else would know. */
  async #hear(id: string, headers: Headers): Promise<void> {
    const record = this.#sessions.get(id);
    const [digest] = SHA256.exec(headers.get('repr-digest') ?? '') ?? [];
    if (record?.state !== 'receiving' || digest === undefined) return;
    if (record.digest !== digest) await this.#sessions.save({ ...record, digest });
  }

  async #finish(id: string, host: string): Promise<Record<string, string>> {
    const placed = await this.#place(id, host);
    if (placed.notice?.state === 'pending' && this.#notices !== undefined) {
      await Promise.race([this.#notices.tell(placed), timeUp()]);
    }
    return lastHeaders(this.#sessions.get(id) ?? placed);
  }

  /** Once at a time: who lost the answer may ask while its file is still being placed. */
  async #place(id: string, host: string): Promise<UploadRecord> {
    const known = this.#finishing.get(id);
    if (known !== undefined) return await known;
    const { folder: uploadsFolder, overwrite = false } = this.#options;
    const parts = { sessions: this.#sessions, uploadsFolder, overwrite };
    const placing = finishUpload(parts, this.store.recordOf(id), host);
    this.#finishing.set(id, placing);
    try {
      return await placing;
    } finally {
      this.#finishing.delete(id);
    }
  }

  /** The code only: messages may name paths of this machine. */
  #refusal(error: Error | { status_code: number; body: string }) {
    if (!(error instanceof Error)) return undefined;
    const isOurs = error instanceof PeerCacheError && 'statusCode' in error;
    if (!isOurs) this.#options.log.error({ err: error }, 'upload failed');
    const status = isOurs ? Number(error.statusCode) : 500;
    const code = isOurs ? error.code : 'INTERNAL_ERROR';
    return { status_code: status, body: `${JSON.stringify({ code })}\n` };
  }
}

function idIn(parameters: unknown): string {
  const isNamed = typeof parameters === 'object' && parameters !== null && 'id' in parameters;
  return isNamed && typeof parameters.id === 'string' ? parameters.id : '';
}

/** What the last answer to an upload says, and later ones about it. */
function lastHeaders({ state, digest, notice }: UploadRecord): Record<string, string> {
  if (state !== 'placed') return {};
  const about = digest === undefined ? {} : { 'repr-digest': digest };
  if (notice === undefined) return about;
  if (notice.state === 'pending') return { ...about, 'upload-reply': 'pending' };
  const { replyUrl } = notice;
  if (replyUrl === undefined) return { ...about, 'upload-reply': 'none' };
  return { ...about, link: `<${replyUrl}>; rel="reply"` };
}

async function timeUp(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, TELL_MS).unref();
  await promise;
}

async function checkFolder(folder: string): Promise<void> {
  try {
    if ((await stat(folder)).isDirectory()) return;
  } catch (cause) {
    throw new UploadFolderUnusableError(folder, messageOf(cause), { cause });
  }
  throw new UploadFolderUnusableError(folder, 'it is no folder');
}
