import type { BytesBySource, JobError, JobEvent, JobState } from '@peer-cache/protocol';
import type { Clock } from './clock.ts';
import { JobStateError } from './errors.ts';
import type { FileLedger } from './file/file-ledger.ts';
import type { KeptSegments } from './file/kept-segments.ts';
import { fileStatusOf, summaryOf, totalsOf } from './job-reports.ts';
import type { JobTotals, LiveFile } from './job-reports.ts';
import { isActive, isRunning, nextState } from './job-state.ts';
import type { JobEventName } from './job-state.ts';
import { isJournalTrouble } from './journal/journal.ts';
import type { Journal } from './journal/journal.ts';
import { newFile } from './new-records.ts';
import type { FileRecord, JobRecord, JobTimers, KeptSegment } from './records.ts';
import { advance, onChanged, onProgress } from './timers.ts';

export interface JobParts {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly tell: (event: JobEvent) => void;
  /** Content bytes came. */
  readonly count: (kind: keyof BytesBySource | 'sent', bytes: number) => void;
}

/** What a transfer that runs tells of its file. */
type LiveFiles = ReadonlyMap<number, LiveFile>;

/**
 * A job in memory, one with what the journal has of it: each change is journaled first. Its files
 * are held only while somebody works on them: there may be thousands of jobs that wait.
 */
export class Job {
  readonly #parts: JobParts;
  readonly #live = new Map<number, LiveFile>();
  readonly #keptInMemory = new Map<number, KeptSegments>();
  #record: JobRecord;
  #timersAtMs: number;
  #files: FileRecord[] | undefined;
  #totals: JobTotals | undefined;
  #toldMs = -Infinity;

  constructor(parts: JobParts, record: JobRecord) {
    this.#parts = parts;
    this.#record = record;
    this.#timersAtMs = parts.clock.uptimeMs();
  }

  /** As it is journaled, with timers as of then: see `timers`. */
  get record(): JobRecord {
    return this.#record;
  }

  get id(): string {
    return this.#record.id;
  }

  get state(): JobState {
    return this.#record.state;
  }

  /** As of now. */
  get timers(): JobTimers {
    const elapsedMs = this.#parts.clock.uptimeMs() - this.#timersAtMs;
    return advance(this.#record.timers, this.#record.state, elapsedMs);
  }

  get files(): readonly FileRecord[] {
    return this.#files ?? this.#parts.journal.files(this.id);
  }

  /** Transfers that run, by the index of their file. */
  get live(): LiveFiles {
    return this.#live;
  }

  get totals(): JobTotals {
    if (this.#live.size > 0) return totalsOf(this.files, this.#live);
    this.#totals ??= totalsOf(this.files, this.#live);
    return this.#totals;
  }

  /** Holds the files in memory until `rest`. */
  work(): void {
    this.#files ??= this.#parts.journal.files(this.id);
  }

  rest(): void {
    this.#files = undefined;
    // A job that waits for its next turn need not look at its blocks again; others hold nothing.
    if (!isActive(this.state)) this.#keptInMemory.clear();
  }

  /**
   * Moves the job as `event` does, with what else changes.
   *
   * @throws {JobStateError} where its state does not allow that
   */
  move(event: JobEventName, changes: Partial<JobRecord> = {}): void {
    const { from, next } = this.#moved(event, changes);
    // What a crash would undo anyway need not wait for the disk.
    const isPassing = isRunning(next.state) || (isRunning(from) && isActive(next.state));
    if (isPassing) this.#keep(next);
    else this.#save(next);
    this.#tellMove(from);
  }

  /**
   * The same for what happens by itself: where the journal can't be written to, memory alone knows
   * of it, and after a crash the job is queued as if it had not happened.
   */
  drift(event: JobEventName, changes: Partial<JobRecord> = {}): void {
    try {
      this.move(event, changes);
    } catch (error) {
      if (!isJournalTrouble(error)) throw error;
      const { from, next } = this.#moved(event, changes);
      this.#keep(next);
      this.#tellMove(from);
    }
  }

  /** Changes what a person changes, which the inactivity timeout sees. */
  change(changes: Partial<JobRecord>): void {
    const timers = onChanged(this.timers);
    this.#save({ ...this.#changed(changes), timers });
    this.#parts.tell({ event: 'job-changed', job: summaryOf(this) });
  }

  /** Keeps the error among the job's latest, as far as the journal has room for it. */
  noteError(error: JobError): void {
    const { journal } = this.#parts;
    this.#keep({ ...this.#record, timers: this.timers, errorCount: this.#record.errorCount + 1 });
    try {
      journal.transact(() => {
        journal.noteError(this.id, error);
        journal.saveJob(this.#record);
      });
    } catch (thrown) {
      if (!isJournalTrouble(thrown)) throw thrown;
    }
  }

  /** Journals what changed without anybody's doing: counters and timers. */
  saveCounters(): void {
    this.#save({ ...this.#record, timers: this.timers });
  }

  addFiles(files: readonly FileRecord[]): void {
    const { journal } = this.#parts;
    const fileCount = this.#record.fileCount + files.length;
    const next = { ...this.#changed({ fileCount }), timers: onChanged(this.timers) };
    journal.transact(() => {
      journal.insertFiles(files);
      journal.saveJob(next);
    });
    this.#files?.push(...files);
    this.#totals = undefined;
    this.#keep(next);
    this.#parts.tell({ event: 'job-changed', job: summaryOf(this) });
  }

  /** A file was sent, and its reply is one more file to bring: all of it, or nothing of it. */
  addReply(index: number, url: string, changes: Partial<FileRecord>): void {
    const { journal } = this.#parts;
    const ledger = this.ledger(index);
    const { path, upload } = ledger.record;
    const request = { url, path: upload?.replyPath ?? `${path}.reply` };
    journal.transact(() => {
      ledger.save(changes);
      this.addFiles([newFile(request, this.id, this.#record.fileCount)]);
    });
  }

  /** Notes what the next journaled change of the file will take with it. */
  noteFile(index: number, changes: Partial<FileRecord>): void {
    const file = this.#files?.[index];
    if (file === undefined || this.#files === undefined) return;
    this.#files[index] = { ...file, ...changes };
    this.#totals = undefined;
  }

  ledger(index: number): FileLedger {
    const { journal } = this.#parts;
    const { id } = this;
    const current = (): FileRecord => {
      const file = this.files[index];
      if (file === undefined) throw new RangeError(`file ${index} of job ${id}`);
      return file;
    };
    const save = (changes: Partial<FileRecord>, also: () => void): void => {
      const before = current();
      const next = { ...before, ...changes };
      journal.transact(() => {
        journal.saveFile(next);
        also();
      });
      if (this.#files !== undefined) this.#files[index] = next;
      this.#totals = undefined;
      if (next.state === before.state) return;
      const file = fileStatusOf(next, this.#live.get(index));
      this.#parts.tell({ event: 'file-moved', jobId: id, file });
    };
    return {
      get record() {
        return current();
      },
      keptSegments: () => journal.keptSegments(id, index),
      save: (changes, kept: readonly KeptSegment[] = []) => {
        save(changes, () => {
          if (kept.length > 0) journal.keep(id, index, kept);
        });
      },
      saveAnew: (changes) => {
        save(changes, () => {
          journal.forgetKept(id, index);
        });
        this.#keptInMemory.delete(index);
      },
      remembered: () => this.#keptInMemory.get(index),
      remember: (kept) => {
        this.#keptInMemory.set(index, kept);
      },
    };
  }

  /** A transfer of one of its files begins, with what tells of it. */
  began(index: number, progress: LiveFile): void {
    this.#live.set(index, progress);
  }

  ended(index: number): void {
    this.#live.delete(index);
    this.#totals = undefined;
  }

  /** Content bytes came: what went wrong before is forgotten, and observers hear of it at times. */
  received(kind: keyof BytesBySource, bytes: number, tellEveryMs: number): void {
    this.#parts.count(kind, bytes);
    const before = this.#record.bytes;
    this.#keep({
      ...this.#record,
      bytes: { ...before, [kind]: before[kind] + bytes },
      timers: onProgress(this.timers),
    });
    this.#tellProgress(tellEveryMs);
  }

  /** Content bytes went out; whether they are worth anything, the server says. */
  sent(bytes: number, tellEveryMs: number): void {
    this.#parts.count('sent', bytes);
    const sentBytes = this.#record.sentBytes + bytes;
    this.#keep({ ...this.#record, timers: this.timers, sentBytes });
    this.#tellProgress(tellEveryMs);
  }

  /** The server has more than before: what went wrong until then is forgotten. */
  advanced(): void {
    this.#keep({ ...this.#record, timers: onProgress(this.timers) });
  }

  #tellProgress(everyMs: number): void {
    const nowMs = this.#parts.clock.uptimeMs();
    if (nowMs - this.#toldMs < everyMs) return;
    this.#toldMs = nowMs;
    this.#parts.tell({ event: 'job-progressed', job: summaryOf(this) });
  }

  #moved(event: JobEventName, { timers = this.timers, ...changes }: Partial<JobRecord>) {
    const from = this.state;
    const move = nextState(from, event);
    if (move === undefined) throw new JobStateError(this.id, from, event);
    const isTroubled = move.to === 'error' || move.to === 'transient-error';
    const error = isTroubled ? this.#record.error : undefined;
    return { from, next: { ...this.#changed({ error, ...changes }), timers, state: move.to } };
  }

  #tellMove(from: JobState): void {
    if (this.state === from) return;
    this.#parts.tell({ event: 'job-moved', job: summaryOf(this), from });
  }

  #changed(changes: Partial<JobRecord>): JobRecord {
    return { ...this.#record, ...changes, modifiedMs: this.#parts.clock.wallMs() };
  }

  #save(next: JobRecord): void {
    this.#parts.journal.saveJob(next);
    this.#keep(next);
  }

  #keep(next: JobRecord): void {
    this.#record = next;
    this.#timersAtMs = this.#parts.clock.uptimeMs();
  }
}
