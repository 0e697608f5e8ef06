import { join } from 'node:path';
import type { Log } from '@peer-cache/core';
import { ownReply, tellApplication, waitAfter } from './upload-notice.ts';
import type { UploadApplication } from './upload-notice.ts';
import type { UploadRecord } from './upload-record.ts';
import type { UploadSessions } from './upload-sessions.ts';

export interface UploadNoticesParts {
  readonly sessions: UploadSessions;
  readonly application: UploadApplication;
  readonly uploadsFolder: string;
  readonly log: Log;
}

/** Has an application learn of each upload, however often that takes, and over restarts. */
export class UploadNotices implements AsyncDisposable {
  readonly #parts: UploadNoticesParts;
  readonly #stop = new AbortController();
  readonly #underWay = new Map<string, Promise<void>>();
  readonly #timers = new Map<string, NodeJS.Timeout>();

  constructor(parts: UploadNoticesParts) {
    this.#parts = parts;
    for (const record of parts.sessions.all()) if (isDue(record)) void this.tell(record);
  }

  /** Tells it now; resolves after this one try, whatever came of it. */
  async tell(record: UploadRecord): Promise<void> {
    const known = this.#underWay.get(record.id);
    const telling = known ?? this.#tell(record);
    this.#underWay.set(record.id, telling);
    await telling;
    this.#underWay.delete(record.id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('the origin ends'));
    for (const timer of this.#timers.values()) clearTimeout(timer);
    await Promise.all(this.#underWay.values());
  }

  async #tell(record: UploadRecord): Promise<void> {
    const { sessions, application, uploadsFolder, log } = this.#parts;
    const { signal } = this.#stop;
    const path = join(uploadsFolder, record.name);
    const told = await tellApplication(application, record, { path, signal });
    const current = sessions.get(record.id);
    if (current === undefined || signal.aborted) return;
    if (told === undefined) return await this.#again(current);
    const replyUrl = ownReply(told.replyUrl, current.host);
    if (told.replyUrl !== undefined && replyUrl === undefined) {
      log.warn({ id: record.id }, 'the application names a reply elsewhere, which is left out');
    }
    await sessions.save({ ...current, notice: { state: 'told', replyUrl } });
  }

  async #again(record: UploadRecord): Promise<void> {
    const { sessions, log } = this.#parts;
    const { notice } = record;
    const tries = (notice?.state === 'pending' ? notice.tries : 0) + 1;
    const next = { ...record, notice: { state: 'pending', tries } } as const;
    await sessions.save(next);
    const waitMs = waitAfter(tries - 1);
    log.warn({ id: record.id, tries, waitMs }, 'the application was not told of an upload');
    const timer = setTimeout(() => {
      this.#timers.delete(record.id);
      void this.tell(next);
    }, waitMs);
    this.#timers.set(record.id, timer.unref());
  }
}

function isDue({ state, notice }: UploadRecord): boolean {
  return state === 'placed' && notice?.state === 'pending';
}
