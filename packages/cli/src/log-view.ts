import type { LogRecord } from '@peer-cache/protocol';
import { printableLine } from './format.ts';
import type { Colors } from './terminal.ts';
import { formatTime } from './time-words.ts';

const LEVELS = [
  { least: 50, name: 'error' },
  { least: 40, name: 'warn' },
  { least: 30, name: 'info' },
  { least: 0, name: 'debug' },
] as const;
const NAME_WIDTH = 5;
/** Shown in places of their own. */
const SHOWN_FIRST = ['level', 'time', 'msg', 'part'];

/** One record of the agent's log in one line: time, level, part, what happened, and the facts. */
export function logLine(record: LogRecord, colors: Colors): string {
  const { level, time, msg, part } = record;
  const name = LEVELS.find(({ least }) => level >= least)?.name ?? 'debug';
  const paint = { error: colors.red, warn: colors.yellow, info: String, debug: colors.dim }[name];
  const facts = Object.entries(record)
    .filter(([key]) => !SHOWN_FIRST.includes(key))
    .map(([key, value]) => `${key}=${factText(value)}`);
  return [
    formatTime(time),
    paint(name.padEnd(NAME_WIDTH)),
    ...(typeof part === 'string' ? [`${printableLine(part)}:`] : []),
    printableLine(msg),
    ...(facts.length === 0 ? [] : [colors.dim(printableLine(facts.join(' ')))]),
  ].join(' ');
}

function factText(value: unknown): string {
  if (typeof value === 'string') return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
  return JSON.stringify(value) ?? '';
}
