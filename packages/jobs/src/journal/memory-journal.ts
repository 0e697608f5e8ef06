import type { JobError } from '@peer-cache/protocol';
import type { FileRecord, JobRecord, KeptSegment } from '../records.ts';
import { MOST_ERRORS } from './journal.ts';
import type { Journal } from './journal.ts';

/** A journal that is gone with its process: for tests, and for agents that live within a program. */
export function createMemoryJournal({
  now = Date.now,
}: { readonly now?: () => number } = {}): Journal {
  return new MemoryJournal(now);
}

class MemoryJournal implements Journal {
  readonly #now: () => number;
  readonly #jobs = new Map<string, JobRecord>();
  readonly #files = new Map<string, readonly FileRecord[]>();
  /** By {@link fileKey}. */
  readonly #kept = new Map<string, readonly KeptSegment[]>();
  /** The newest first. */
  readonly #errors = new Map<string, readonly JobError[]>();
  readonly #clock = new Map<'saved', number>();
  /** What takes back the writes of the open transactions. */
  #undo: (() => void)[] = [];
  #depth = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  jobs(): JobRecord[] {
    return [...this.#jobs.values()].toSorted((a, b) => a.number - b.number);
  }

  files(jobId: string): FileRecord[] {
    return [...(this.#files.get(jobId) ?? [])];
  }

  insertJob(job: JobRecord, files: readonly FileRecord[]): void {
    this.transact(() => {
      if (this.#jobs.has(job.id)) throw new Error(`job ${job.id} is there already`);
      this.#put(this.#jobs, job.id, job);
      this.insertFiles(files);
    });
  }

  insertFiles(files: readonly FileRecord[]): void {
    this.transact(() => {
      for (const [jobId, added] of Map.groupBy(files, (file) => file.jobId)) {
        if (!this.#jobs.has(jobId)) throw new Error(`there is no job ${jobId}`);
        const all = [...this.files(jobId), ...added].toSorted((a, b) => a.index - b.index);
        const isTwice = all.some(({ index }, place) => all[place + 1]?.index === index);
        if (isTwice) throw new Error(`a file of job ${jobId} is there already`);
        this.#put(this.#files, jobId, all);
      }
    });
  }

  saveJob(job: JobRecord): void {
    this.transact(() => {
      if (this.#jobs.has(job.id)) this.#put(this.#jobs, job.id, job);
    });
  }

  saveFile(file: FileRecord): void {
    this.transact(() => {
      const files = this.files(file.jobId);
      const place = files.findIndex(({ index }) => index === file.index);
      if (place !== -1) this.#put(this.#files, file.jobId, files.with(place, file));
    });
  }

  removeJob(jobId: string): void {
    this.transact(() => {
      for (const { index } of this.files(jobId)) this.forgetKept(jobId, index);
      this.#put(this.#files, jobId, undefined);
      this.#put(this.#errors, jobId, undefined);
      this.#put(this.#jobs, jobId, undefined);
    });
  }

  keptSegments(jobId: string, fileIndex: number): KeptSegment[] {
    return (this.#kept.get(fileKey(jobId, fileIndex)) ?? []).map((segment) => copyOf(segment));
  }

  keep(jobId: string, fileIndex: number, segments: readonly KeptSegment[]): void {
    this.transact(() => {
      if (!this.files(jobId).some(({ index }) => index === fileIndex)) return;
      const all = new Map<number, KeptSegment>();
      for (const segment of [...this.keptSegments(jobId, fileIndex), ...segments]) {
        all.set(segment.segmentIndex, copyOf(segment));
      }
      const sorted = [...all.values()].toSorted((a, b) => a.segmentIndex - b.segmentIndex);
      this.#put(this.#kept, fileKey(jobId, fileIndex), sorted);
    });
  }

  forgetKept(jobId: string, fileIndex: number): void {
    this.transact(() => this.#put(this.#kept, fileKey(jobId, fileIndex), undefined));
  }

  noteError(jobId: string, error: JobError): void {
    this.transact(() => {
      if (!this.#jobs.has(jobId)) return;
      const latest = [error, ...(this.#errors.get(jobId) ?? [])].slice(0, MOST_ERRORS);
      this.#put(this.#errors, jobId, latest);
    });
  }

  errors(jobId: string, most: number): JobError[] {
    return (this.#errors.get(jobId) ?? []).slice(0, most);
  }

  lastSavedMs(): number | undefined {
    return this.#clock.get('saved');
  }

  transact<T>(work: () => T): T {
    const done = this.#undo.length;
    this.#depth++;
    try {
      const result = work();
      if (this.#depth === 1 && this.#undo.length > 0) this.#put(this.#clock, 'saved', this.#now());
      return result;
    } catch (error) {
      for (const undo of this.#undo.splice(done).toReversed()) undo();
      throw error;
    } finally {
      this.#depth--;
      if (this.#depth === 0) this.#undo = [];
    }
  }

  [Symbol.dispose](): void {
    this.#jobs.clear();
    this.#files.clear();
    this.#kept.clear();
    this.#errors.clear();
  }

  #put<K, V>(map: Map<K, V>, key: K, value: V | undefined): void {
    const before = map.get(key);
    this.#undo.push(() => set(map, key, before));
    set(map, key, value);
  }
}

function set<K, V>(map: Map<K, V>, key: K, value: V | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}

function fileKey(jobId: string, fileIndex: number): string {
  return `${jobId}/${fileIndex}`;
}

/** A bitmap goes on changing where it came from. */
function copyOf({ segmentIndex, blocks, blockHashes }: KeptSegment): KeptSegment {
  return { segmentIndex, blocks: blocks.slice(), blockHashes: blockHashes?.slice() };
}
