import { MIB, SECOND_MS } from '@peer-cache/core';
import type { Log } from '@peer-cache/core';

/** Something that writes and wants it noted once it is certain. */
export interface Checkpointed {
  /** Syncs what was written until now; undefined when there is nothing to note. */
  sync(): Promise<CheckpointNote | undefined>;
}

/** What is certain, still to be journaled. */
export interface CheckpointNote {
  /** Journals it; called within a transaction. */
  readonly note: () => void;
  /** The transaction failed: it is to be noted the next time. */
  readonly undo: () => void;
}

/** What a power cut may cost, in time and in bytes; a sync and a commit cost some milliseconds. */
const INTERVAL_MS = 1 * SECOND_MS;
const MOST_UNSYNCED_BYTES = 64 * MIB;

/**
 * Syncs the files that are being written to, now and then, and notes in one transaction for all of
 * them what is certain. Never the other way round: what the journal says is on the disk.
 */
export class Checkpoints implements AsyncDisposable {
  readonly #transact: (work: () => void) => void;
  readonly #log: Log;
  readonly #written = new Set<Checkpointed>();
  #unsyncedBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #flushing: Promise<void> = Promise.resolve();

  constructor(transact: (work: () => void) => void, { log }: { readonly log: Log }) {
    this.#transact = transact;
    this.#log = log;
  }

  /** So many bytes were written that are not synced yet. */
  wrote(file: Checkpointed, bytes: number): void {
    this.#written.add(file);
    this.#unsyncedBytes += bytes;
    if (this.#unsyncedBytes >= MOST_UNSYNCED_BYTES) void this.flush();
    this.#timer ??= setTimeout(() => void this.flush(), INTERVAL_MS).unref();
  }

  /** The file is closed: nothing more is to be synced. */
  forget(file: Checkpointed): void {
    this.#written.delete(file);
  }

  /** Resolves when all that was written before is noted, as far as the disk takes it. Never rejects. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const earlier = this.#flushing;
    this.#flushing = earlier.then(() => this.#flush());
    await this.#flushing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.flush();
  }

  async #flush(): Promise<void> {
    const files = [...this.#written];
    this.#written.clear();
    this.#unsyncedBytes = 0;
    if (files.length === 0) return;
    const synced = await Promise.all(files.map((file) => file.sync()));
    const notes = synced.filter((note) => note !== undefined);
    try {
      this.#transact(() => {
        for (const { note } of notes) note();
      });
    } catch (error) {
      for (const { undo } of notes) undo();
      // With the next ones that are written, or at their end: asked every second, a disk that is
      // full would be asked for nothing. The bytes are there; only a restart would fetch them again.
      for (const file of files) this.#written.add(file);
      this.#log.error({ err: error }, 'progress could not be journaled');
    }
  }
}
