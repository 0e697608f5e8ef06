import { MIB } from '@peer-cache/core';
import type { LogRecordLevel } from '@peer-cache/protocol';

/** What the ring keeps: the latest records, so many and so many bytes at most. */
export interface LogRingLimits {
  readonly mostRecords?: number;
  readonly mostBytes?: number;
}

interface Kept {
  readonly level: number;
  readonly line: string;
  readonly bytes: number;
}

const LEVELS: Readonly<Record<LogRecordLevel, number>> = {
  debug: 20,
  info: 30,
  warn: 40,
  error: 50,
};
const LEVEL_FIELD = /^\{"level":(\d+)/;

/** The latest records of a log, in memory: a stream that pino writes its lines to. */
export class LogRing {
  readonly #limits: Required<LogRingLimits>;
  readonly #listeners = new Set<(record: Kept) => void>();
  #kept: Kept[] = [];
  #keptBytes = 0;

  constructor({ mostRecords = 1000, mostBytes = MIB }: LogRingLimits = {}) {
    this.#limits = { mostRecords, mostBytes };
  }

  /** Takes one line of JSON with its end. */
  write(line: string): void {
    const [, level = LEVELS.info] = LEVEL_FIELD.exec(line) ?? [];
    const record = { level: Number(level), line, bytes: Buffer.byteLength(line) };
    this.#kept.push(record);
    this.#keptBytes += record.bytes;
    this.#dropOldest();
    for (const listener of this.#listeners) listener(record);
  }

  /** The lines kept of this level and above, the oldest first. */
  lines(level: LogRecordLevel): string[] {
    return this.#kept.flatMap((record) => (record.level >= LEVELS[level] ? record.line : []));
  }

  /** Has each line from now on told, until disposed. */
  listen(level: LogRecordLevel, tell: (line: string) => void): Disposable {
    const listener = (record: Kept): void => {
      if (record.level >= LEVELS[level]) tell(record.line);
    };
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  #dropOldest(): void {
    const { mostRecords, mostBytes } = this.#limits;
    let dropped = 0;
    for (const { bytes } of this.#kept) {
      if (this.#kept.length - dropped <= mostRecords && this.#keptBytes <= mostBytes) break;
      this.#keptBytes -= bytes;
      dropped++;
    }
    if (dropped > 0) this.#kept = this.#kept.slice(dropped);
  }
}
