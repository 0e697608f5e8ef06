import { constants } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { messageOf } from '@peer-cache/core';
import { UploadFolderUnusableError } from './upload-errors.ts';
import { SESSIONS_FOLDER } from './upload-name.ts';
import { recordOf } from './upload-record.ts';
import type { UploadRecord } from './upload-record.ts';

const ID = /^[0-9a-f]{32}$/;
const RECORD = /^([0-9a-f]{32})\.json$/;
/** What may be left of an upload beside its record: bytes, a second name of theirs, a new record. */
const LEFT = /^([0-9a-f]{32})\.(data|data\.link|json\.new)$/;
const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;

/**
 * Uploads that are under way or were lately, in a private folder beside those that have their
 * names: the same disk, so that a file gets its place by a link. Each is a file of bytes, and a
 * record that is replaced as a whole, synced before anybody is told of it.
 */
export class UploadSessions {
  readonly folder: string;
  readonly #records = new Map<string, UploadRecord>();
  /** Records that are there and are none: their bytes are left alone. */
  readonly #unreadable = new Set<string>();
  #lastSave: Promise<unknown> = Promise.resolve();

  private constructor(folder: string) {
    this.folder = folder;
  }

  /**
   * @param uploads where files get their names
   * @throws {UploadFolderUnusableError}
   */
  static async open(uploads: string): Promise<UploadSessions> {
    const folder = join(uploads, SESSIONS_FOLDER);
    const sessions = new UploadSessions(folder);
    try {
      await mkdir(folder, { recursive: true, mode: PRIVATE_FOLDER });
      const names = await readdir(folder);
      for (const name of names) await sessions.#load(name);
      for (const name of names) await sessions.#sweep(name);
    } catch (cause) {
      throw new UploadFolderUnusableError(uploads, messageOf(cause), { cause });
    }
    return sessions;
  }

  all(): UploadRecord[] {
    return [...this.#records.values()];
  }

  get(id: string): UploadRecord | undefined {
    return this.#records.get(id);
  }

  /** Keeps it, whole or not at all; one after the other, as they share the name of what is new. */
  async save(record: UploadRecord): Promise<void> {
    if (!ID.test(record.id)) throw new RangeError(`${record.id} is no ID of an upload`);
    const saving = this.#lastSave.then(() => this.#write(record));
    // Whoever comes next does not care what became of it.
    this.#lastSave = saving.catch(() => undefined);
    await saving;
  }

  async #write(record: UploadRecord): Promise<void> {
    const path = this.#recordPath(record.id);
    await using handle = await open(`${path}.new`, 'w', PRIVATE_FILE);
    await handle.writeFile(JSON.stringify(record));
    await handle.sync();
    await rename(`${path}.new`, path);
    await syncFolder(this.folder);
    this.#records.set(record.id, record);
  }

  /** Forgets it, with what came of it. */
  async remove(id: string): Promise<void> {
    this.#records.delete(id);
    // The record first: bytes without one are swept, a record without bytes would be an upload.
    await rm(this.#recordPath(id), { force: true });
    await rm(this.dataPath(id), { force: true });
  }

  /** Where its bytes are until it has its place. */
  dataPath(id: string): string {
    return join(this.folder, `${id}.data`);
  }

  /** Bytes that have come of it. */
  async receivedBytes({ id, state, sizeBytes }: UploadRecord): Promise<number> {
    if (state === 'placed') return sizeBytes;
    const { size } = await stat(this.dataPath(id));
    return Math.min(size, sizeBytes);
  }

  async create(record: UploadRecord): Promise<void> {
    await using _data = await open(this.dataPath(record.id), 'wx', PRIVATE_FILE);
    await this.save(record);
  }

  async openData(id: string): Promise<FileHandle> {
    return await open(this.dataPath(id), constants.O_RDWR);
  }

  async #load(name: string): Promise<void> {
    const path = join(this.folder, name);
    const [, id] = RECORD.exec(name) ?? [];
    if (id === undefined) return;
    const record = recordOf(await readFile(path, 'utf8'));
    if (record?.id === id) this.#records.set(id, record);
    else this.#unreadable.add(id);
  }

  /** Removes what a crash has left between two steps; what is not ours stays. */
  async #sweep(name: string): Promise<void> {
    const [, id = '', kind] = LEFT.exec(name) ?? [];
    const isBytes = kind === 'data';
    const isWanted = this.#records.get(id)?.state === 'receiving' || this.#unreadable.has(id);
    if (kind === undefined || (isBytes && isWanted)) return;
    await rm(join(this.folder, name), { force: true });
  }

  #recordPath(id: string): string {
    return join(this.folder, `${id}.json`);
  }
}

/** A name that is made or taken away lasts when its folder is synced. Windows has no such thing. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  await using handle = await open(folder, 'r');
  await handle.sync();
}
