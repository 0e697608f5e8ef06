import type { Log } from '@peer-cache/core';

export interface LogEntry {
  readonly level: keyof Log;
  readonly facts: object;
  readonly message: string;
}

/** A log that keeps what it is told. */
export function keepingLog(): { log: Log; entries: LogEntry[] } {
  const entries: LogEntry[] = [];
  const keep = (level: keyof Log) => (facts: object, message: string) => {
    entries.push({ level, facts, message });
  };
  const log = {
    debug: keep('debug'),
    info: keep('info'),
    warn: keep('warn'),
    error: keep('error'),
  };
  return { log, entries };
}
