import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import type { Stats } from 'node:fs';
import { lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { MIB, PeerCacheError, messageOf } from '@peer-cache/core';
import type { JobSecrets, SecretNames } from '@peer-cache/protocol';
import { isMissing } from '../missing-file.ts';
import { syncFolder } from '../sync-folder.ts';
import { checkSecrets, mergedSecrets, namesOf } from './secret-checks.ts';
import { decodeSecrets, encodeSecrets } from './secret-codec.ts';

/** The secrets of a job, or of all jobs, are there but of no use. */
export class SecretsLostError extends PeerCacheError {
  readonly code = 'SECRETS_LOST';

  constructor(path: string, reason: string, options?: ErrorOptions) {
    super(
      `the secrets in ${path} can't be used: ${reason}; set the job's credentials again`,
      options,
    );
  }
}

/** The secrets of a job can't be kept. */
export class SecretsUnwritableError extends PeerCacheError {
  readonly code = 'SECRETS_UNWRITABLE';

  constructor(path: string, reason: string, options?: ErrorOptions) {
    super(
      `${path} can't hold secrets: ${reason}; make room, or a folder of this user's own`,
      options,
    );
  }
}

/** Secrets of jobs at rest: one file each, which only this user can read. */
export interface JobSecretStore {
  /** Whether what is written is encrypted: there is a key. */
  readonly isEncrypted: boolean;
  /**
   * Replaces what there was; on the disk when it returns.
   * @throws {SecretsUnwritableError}
   */
  write(jobId: string, secrets: JobSecrets): Promise<void>;
  /**
   * Adds to what the job has, see {@link mergedSecrets}; gives the names of all.
   * @throws {JobRequestError | SecretsLostError | SecretsUnwritableError}
   */
  update(jobId: string, secrets: JobSecrets): Promise<SecretNames>;
  /**
   * Undefined where the job has none.
   * @throws {SecretsLostError}
   */
  read(jobId: string): Promise<JobSecrets | undefined>;
  remove(jobId: string): Promise<void>;
  /** Removes what a crash left of jobs that are no more. */
  keepOnly(jobIds: ReadonlySet<string>): Promise<void>;
}

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
const OTHERS_RIGHTS = 0o077;
const MOST_FILE_BYTES = 1 * MIB;
const JOB_ID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;
const SUFFIX = '.secrets';
const TEMPORARY = '.new';

/**
 * Opens the folder of secrets, made on first use. With a key of 32 bytes everything written is
 * encrypted; what was written without one is read still.
 *
 * @throws {SecretsUnwritableError} when the folder is another's, open to others, or can't be made
 */
export async function openJobSecrets({
  folder,
  key,
}: {
  readonly folder: string;
  readonly key?: Uint8Array | undefined;
}): Promise<JobSecretStore> {
  try {
    await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
    // lstat: a link would lead to where whoever made it likes.
    const stats = await lstat(folder);
    const flaw = stats.isDirectory() ? flawOf(stats) : 'it is no folder';
    if (flaw !== undefined) throw new SecretsUnwritableError(folder, flaw);
    const left = (await readdir(folder)).filter((name) => name.endsWith(TEMPORARY));
    await Promise.all(left.map(async (name) => await rm(join(folder, name), { force: true })));
  } catch (cause) {
    throw unwritable(folder, cause);
  }
  return new SecretFolder(folder, key);
}

class SecretFolder implements JobSecretStore {
  readonly #folder: string;
  readonly #key: Uint8Array | undefined;
  /** Updates go one after another: two at once would lose what one of them read too early. */
  #lastUpdate: Promise<unknown> = Promise.resolve();

  constructor(folder: string, key: Uint8Array | undefined) {
    this.#folder = folder;
    this.#key = key;
  }

  get isEncrypted(): boolean {
    return this.#key !== undefined;
  }

  async write(jobId: string, secrets: JobSecrets): Promise<void> {
    const path = this.#pathOf(jobId);
    const bytes = encodeSecrets(secrets, { jobId, key: this.#key });
    const temporary = `${path}.${randomBytes(6).toString('hex')}${TEMPORARY}`;
    try {
      await writeWhole(temporary, bytes);
      await rename(temporary, path);
      await syncFolder(this.#folder);
    } catch (cause) {
      await rm(temporary, { force: true });
      throw unwritable(path, cause);
    }
  }

  async update(jobId: string, secrets: JobSecrets): Promise<SecretNames> {
    const before = this.#lastUpdate;
    const update = (async () => {
      await before;
      const merged = mergedSecrets((await this.read(jobId)) ?? {}, secrets);
      checkSecrets(merged);
      await this.write(jobId, merged);
      return namesOf(merged);
    })();
    // Whoever asked for it hears of its failure; the next one only waits.
    this.#lastUpdate = update.catch(() => undefined);
    return await update;
  }

  async read(jobId: string): Promise<JobSecrets | undefined> {
    const path = this.#pathOf(jobId);
    try {
      return decodeSecrets(await readPrivate(path), { jobId, key: this.#key });
    } catch (cause) {
      if (isMissing(cause)) return undefined;
      throw new SecretsLostError(path, messageOf(cause), { cause });
    }
  }

  async remove(jobId: string): Promise<void> {
    const path = this.#pathOf(jobId);
    try {
      await rm(path, { force: true });
      await syncFolder(this.#folder);
    } catch (cause) {
      throw unwritable(path, cause);
    }
  }

  async keepOnly(jobIds: ReadonlySet<string>): Promise<void> {
    const names = (await readdir(this.#folder)).filter((name) => name.endsWith(SUFFIX));
    const ids = names.map((name) => name.slice(0, -SUFFIX.length));
    for (const id of ids) if (JOB_ID.test(id) && !jobIds.has(id)) await this.remove(id);
  }

  #pathOf(jobId: string): string {
    // An ID comes from the journal and from requests: no name may lead out of the folder.
    if (!JOB_ID.test(jobId)) throw new RangeError('a job ID is a UUID');
    return join(this.#folder, jobId + SUFFIX);
  }
}

async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  await using file = await open(path, 'wx', FILE_MODE);
  await file.writeFile(bytes);
  await file.datasync();
}

async function readPrivate(path: string): Promise<Uint8Array> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  await using file = await open(path, O_RDONLY | (O_NOFOLLOW ?? 0) | (O_NONBLOCK ?? 0));
  const stats = await file.stat();
  if (!stats.isFile()) throw new Error('it is no regular file');
  const flaw = flawOf(stats);
  if (flaw !== undefined) throw new Error(flaw);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(MOST_FILE_BYTES + 1));
  if (bytesRead > MOST_FILE_BYTES) throw new Error('it is too large');
  return buffer.subarray(0, bytesRead);
}

/** Rights are never repaired here: whoever could read may have done so already. */
function flawOf({ uid, mode }: Stats): string | undefined {
  // Windows has access lists instead; a user's own folders are private there by default.
  if (process.getuid === undefined) return undefined;
  if (uid !== process.getuid()) return `user ${uid} owns it`;
  return (mode & OTHERS_RIGHTS) === 0 ? undefined : 'others have rights to it';
}

function unwritable(path: string, cause: unknown): Error {
  if (cause instanceof SecretsUnwritableError) return cause;
  return new SecretsUnwritableError(path, messageOf(cause), { cause });
}
