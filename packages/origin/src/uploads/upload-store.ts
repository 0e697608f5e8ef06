import type { Readable } from 'node:stream';
import { DataStore, Upload } from '@tus/utils';
import { UploadExpiredError, UploadNoRoomError, UploadUnknownError } from './upload-errors.ts';
import type { UploadRecord } from './upload-record.ts';
import type { UploadSessions } from './upload-sessions.ts';

export interface UploadStoreParts {
  readonly sessions: UploadSessions;
  readonly nowMs: () => number;
  /** What is idle for longer is gone. */
  readonly expiryMs: number;
  /** Whose quota an upload counts for, and whether anybody is told of it. */
  readonly begin: (upload: Upload) => Pick<UploadRecord, 'user' | 'name' | 'notice'>;
}

const NO_ROOM: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT']);

/** What the protocol's own part needs of uploads that outlive the process. */
export class UploadStore extends DataStore {
  readonly #parts: UploadStoreParts;

  constructor(parts: UploadStoreParts) {
    super();
    this.#parts = parts;
    this.extensions = ['creation', 'termination', 'expiration'];
  }

  override async create(upload: Upload): Promise<Upload> {
    const { sessions, nowMs, begin } = this.#parts;
    const atMs = nowMs();
    const { id, size: sizeBytes = 0 } = upload;
    const times = { createdMs: atMs, progressMs: atMs };
    const record = { id, sizeBytes, state: 'receiving', digest: undefined, ...times } as const;
    await withRoom(() => sessions.create({ ...record, ...begin(upload) }));
    return upload;
  }

  override async getUpload(id: string): Promise<Upload> {
    const record = this.recordOf(id);
    const offset = await this.#parts.sessions.receivedBytes(record);
    const filename = record.name;
    return new Upload({ id, size: record.sizeBytes, offset, metadata: { filename } });
  }

  /** Writes what comes, and says how far it has come when that is on the disk for certain. */
  override async write(source: Readable, id: string, offset: number): Promise<number> {
    const { sessions, nowMs } = this.#parts;
    const record = this.recordOf(id);
    let atByte = offset;
    await using handle = await sessions.openData(id);
    try {
      for await (const chunk of source) {
        await withRoom(async () => void (await handle.write(chunk, 0, chunk.length, atByte)));
        atByte += chunk.length;
      }
    } finally {
      // What came before a line broke is kept, too.
      if (atByte > offset) {
        await handle.datasync();
        await sessions.save({ ...(sessions.get(id) ?? record), progressMs: nowMs() });
      }
    }
    return atByte;
  }

  override async remove(id: string): Promise<void> {
    this.recordOf(id);
    await this.#parts.sessions.remove(id);
  }

  /** Drops what was idle for too long; how many. */
  override async deleteExpired(): Promise<number> {
    const expired = this.#parts.sessions.all().filter((record) => this.#isExpired(record));
    for (const { id } of expired) await this.#parts.sessions.remove(id);
    return expired.length;
  }

  /** Told by the time of the last byte, which the protocol's own part does not know. */
  override getExpiration(): number {
    return 0;
  }

  /** @throws {UploadUnknownError | UploadExpiredError} */
  recordOf(id: string): UploadRecord {
    const record = this.#parts.sessions.get(id);
    if (record === undefined) throw new UploadUnknownError();
    if (this.#isExpired(record)) throw new UploadExpiredError();
    return record;
  }

  #isExpired({ progressMs }: UploadRecord): boolean {
    return this.#parts.nowMs() - progressMs > this.#parts.expiryMs;
  }
}

async function withRoom<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    if (NO_ROOM.has(code)) throw new UploadNoRoomError({ cause });
    throw cause;
  }
}
