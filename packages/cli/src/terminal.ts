import process from 'node:process';
import type { WriteStream } from 'node:tty';
import pc from 'picocolors';

export type Colors = ReturnType<typeof pc.createColors>;

/** Colours for a stream: none where nobody looks at it, or where nobody wants any. */
export function colorsFor(stream: Pick<WriteStream, 'isTTY'>): Colors {
  const { NO_COLOR = '', TERM } = process.env;
  return pc.createColors(stream.isTTY && NO_COLOR === '' && TERM !== 'dumb');
}

/** Writes a line for people or programs to standard output. */
export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Writes a line for people to standard error. */
export function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}
