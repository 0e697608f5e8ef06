import { isShort, MEASURE_NAMES, MEASURES } from '../../test/helpers/branch-office/measures.ts';
import type { Measure, Measures } from '../../test/helpers/branch-office/measures.ts';

export interface TableRow {
  readonly scenario: string;
  readonly program: string;
  readonly measures: Measures;
  /** What the measures may be at most; none for other programs. */
  readonly aims: Measures;
}

const SHORT_SIGN = '✘';

/** Rows as text in columns, each with its aim beside it; what falls short has a sign. */
export function tableOf(rows: readonly TableRow[]): string {
  const measured = MEASURE_NAMES.filter((name) =>
    rows.some(({ measures }) => measures[name] !== undefined),
  );
  const head = ['scenario', 'program', ...measured.map((name) => MEASURES[name].title)];
  const body = rows.map((row) => [
    row.scenario,
    row.program,
    ...measured.map((name) => cell(row, name)),
  ]);
  const widths = head.map((_, column) =>
    Math.max(...[head, ...body].map((cells) => cells[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((text, column) => text.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return [line(head), rule, ...body.map(line)].join('\n');
}

/** Whether any figure falls short of its aim. */
export function fallsShort({ measures, aims }: TableRow): boolean {
  return MEASURE_NAMES.some((name) => {
    const value = measures[name];
    return value !== undefined && isShort(value, aims[name]);
  });
}

function cell({ measures, aims }: TableRow, name: Measure): string {
  const value = measures[name];
  if (value === undefined) return '';
  const { shown } = MEASURES[name];
  const aim = aims[name];
  if (aim === undefined) return shown(value);
  return `${shown(value)} ≤${shown(aim)}${isShort(value, aim) ? ` ${SHORT_SIGN}` : ''}`;
}
