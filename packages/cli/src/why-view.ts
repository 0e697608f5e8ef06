import type { JobExplanation, WaitReason } from '@peer-cache/protocol';
import { printableLine } from './format.ts';
import { stateColor } from './job-words.ts';
import type { ViewOptions } from './terminal.ts';
import { shortened, wrapped } from './text-width.ts';
import { formatIn } from './time-words.ts';

const INDENT = 2;

/** What a job waits for, the first thing first, and when it will be tried. */
export function whyView(
  { id, name, state, reasons }: JobExplanation,
  { columns, colors, nowMs }: ViewOptions & { readonly nowMs: number },
): string[] {
  const paint = stateColor(colors, state);
  const [first = ''] = id.split('-');
  const room = columns - `  ${first}  ${state}`.length;
  const head = [colors.bold(shortened(printableLine(name), room)), first, paint(state)].join('  ');
  const isOnly = reasons.length === 1;
  const options = { columns, colors, nowMs };
  return [
    head,
    ...reasons.flatMap((reason, index) =>
      reasonLines(reason, isOnly ? '' : `${index + 1}.`, options),
    ),
  ];
}

function reasonLines(
  { code, text, inSeconds }: WaitReason,
  number: string,
  { columns, colors, nowMs }: ViewOptions & { readonly nowMs: number },
): string[] {
  const indent = ' '.repeat(INDENT + (number === '' ? 0 : number.length + 1));
  const start = number === '' ? indent : `${' '.repeat(INDENT)}${number} `;
  const lines = wrapped(printableLine(text), columns - indent.length);
  const when = inSeconds === undefined ? '' : `, tried again ${formatIn(inSeconds, nowMs)}`;
  return [
    ...lines.map((line, nth) => (nth === 0 ? start : indent) + line),
    indent + colors.dim(`${code}${when}`),
  ];
}
