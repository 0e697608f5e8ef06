import type { JobDetails, JobError } from '@peer-cache/protocol';
import { formatCount, printableLine } from './format.ts';
import type { ViewOptions } from './terminal.ts';
import { wrapped } from './text-width.ts';
import { formatTime } from './time-words.ts';

const INDENT = '  ';

/** The errors that a job met, the latest last. */
export function jobErrorsView({ errors, errorCount }: JobDetails, options: ViewOptions): string[] {
  if (errorCount === 0) return ['no errors'];
  const forgotten = errorCount - errors.length;
  const head = forgotten > 0 ? [`${formatCount(forgotten, 'earlier error')} forgotten`] : [];
  return [...head, ...errors.toReversed().flatMap((error) => errorLines(error, options))];
}

function errorLines(error: JobError, { columns, colors }: ViewOptions): string[] {
  const { atMs, code, context, transient, fileIndex, url, message } = error;
  const paint = transient ? colors.yellow : colors.red;
  const kind = transient ? 'transient' : 'fatal';
  const file = fileIndex === undefined ? '' : `file ${fileIndex}`;
  const place = [file, url === undefined ? '' : printableLine(url)].filter((text) => text !== '');
  return [
    `${formatTime(atMs)}  ${paint(code)}  ${kind}, ${context}`,
    ...wrapped(printableLine(message), columns - INDENT.length).map((line) => INDENT + line),
    ...(place.length === 0 ? [] : [INDENT + colors.dim(place.join(': '))]),
  ];
}
