import { padded, shortened, textWidth } from './text-width.ts';

/** A column of a table, and how it looks. */
export interface Column {
  readonly title: string;
  /** Numbers stand at the right. */
  readonly side?: 'left' | 'right';
  /** Whether its cells may be shortened for the table to fit; the widest such column first. */
  readonly mayShrink?: boolean;
  readonly paint?: (text: string, cell: string) => string;
}

export interface TableOptions {
  /** Most columns of the terminal it may take; without a terminal: any. */
  readonly columns: number;
  readonly paintTitle: (text: string) => string;
}

const GAP = 2;
const LEAST_WIDTH = 6;

/** Rows of one-line cells under a line of titles, in lines that fit. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  options: TableOptions,
): string[] {
  const widths = fittingWidths(columns, rows, options.columns);
  const titles = columns.map(({ title, side }, index) => padded(title, widths[index] ?? 0, side));
  const lines = rows.map((row) =>
    row
      .map((cell, index) => {
        const column = columns[index];
        const width = widths[index] ?? 0;
        const text = padded(shortened(cell, width), width, column?.side);
        return column?.paint?.(text, cell) ?? text;
      })
      .join(' '.repeat(GAP))
      .trimEnd(),
  );
  return [options.paintTitle(titles.join(' '.repeat(GAP)).trimEnd()), ...lines];
}

function fittingWidths(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  room: number,
): number[] {
  const widths = columns.map(({ title }, index) =>
    Math.max(textWidth(title), ...rows.map((row) => textWidth(row[index] ?? ''))),
  );
  const least = columns.map(({ title }) => Math.max(LEAST_WIDTH, textWidth(title)));
  for (;;) {
    const total = widths.reduce((sum, width) => sum + width, GAP * (columns.length - 1));
    const shrinking = columns.map(({ mayShrink = false }, index) => {
      const width = widths[index] ?? 0;
      return mayShrink && width > (least[index] ?? 0) ? width : 0;
    });
    const widest = Math.max(...shrinking);
    if (total <= room || widest === 0) return widths;
    widths[shrinking.indexOf(widest)] = widest - 1;
  }
}
