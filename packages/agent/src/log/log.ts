import { pino } from 'pino';
import type { Logger } from 'pino';
import type { LogLevel } from '../config/settings.ts';
import { followLogLevel } from './log-level.ts';
import type { LogRing } from './log-ring.ts';

/** A log that also keeps its latest records, and whose level can change. */
export interface RecordedLog {
  readonly log: Logger;
  reconfigure(config: { readonly log: { readonly level: LogLevel } }): void;
}

const LEVEL_FIELD = /^\{"level":(\d+)/;

/** A log of JSON lines on a file descriptor. Written at once: the last line is never lost. */
export function logTo(fileDescriptor: 1 | 2, level: LogLevel): Logger {
  return pino({ level, base: null }, writtenTo(fileDescriptor));
}

/**
 * The same, with its latest records kept for whoever asks the agent: those of level info and above
 * also where less is written, since a person asks only after something went wrong.
 */
export function recordedLog(fileDescriptor: 1 | 2, level: LogLevel, records: LogRing): RecordedLog {
  const output = writtenTo(fileDescriptor);
  let leastWritten = numberOf(level);
  const log = pino(
    { level: recordedLevel(level), base: null },
    {
      write(line) {
        records.write(line);
        if (Number(LEVEL_FIELD.exec(line)?.[1]) >= leastWritten) output.write(line);
      },
    },
  );
  const levels = followLogLevel(log);
  return {
    log,
    reconfigure({ log: { level: next } }) {
      leastWritten = numberOf(next);
      levels.reconfigure({ log: { level: recordedLevel(next) } });
    },
  };
}

function recordedLevel(level: LogLevel): LogLevel {
  return level === 'debug' ? 'debug' : 'info';
}

function numberOf(level: LogLevel): number {
  return pino.levels.values[level] ?? Infinity;
}

function writtenTo(fileDescriptor: 1 | 2): ReturnType<typeof pino.destination> {
  return pino.destination({ dest: fileDescriptor, sync: true });
}
