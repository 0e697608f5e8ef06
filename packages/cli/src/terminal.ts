import process from 'node:process';
import type { WriteStream } from 'node:tty';
import pc from 'picocolors';

const UNKNOWN_COLUMNS = 80;

export type Colors = ReturnType<typeof pc.createColors>;

/** What a view knows of where it is shown. */
export interface ViewOptions {
  /** Room for a line. */
  readonly columns: number;
  readonly colors: Colors;
}

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

/**
 * How to show something on a stream. In a terminal the last column stays free, since some wrap
 * there; elsewhere there is room for everything.
 */
export function viewOptionsFor(stream: Pick<WriteStream, 'isTTY' | 'columns'>): ViewOptions {
  const columns = stream.isTTY ? (stream.columns || UNKNOWN_COLUMNS) - 1 : Infinity;
  return { columns, colors: colorsFor(stream) };
}
