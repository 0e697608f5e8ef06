import { pino } from 'pino';
import type { Logger } from 'pino';
import type { LogLevel } from './settings.ts';

/** A log of JSON lines on a file descriptor. Written at once: the last line is never lost. */
export function logTo(fileDescriptor: 1 | 2, level: LogLevel): Logger {
  return pino({ level, base: null }, pino.destination({ dest: fileDescriptor, sync: true }));
}
