import {
  misses,
  YIELD_MEASURE_NAMES,
  YIELD_MEASURES,
} from '../../test/bench/yield/yield-measures.ts';
import type { YieldMeasure, YieldMeasures } from '../../test/bench/yield/yield-measures.ts';

/** One program's figures. */
export interface YieldColumn {
  readonly name: string;
  readonly measures: YieldMeasures;
  /** Whether they are held against the aims. */
  readonly isOurs: boolean;
}

/** A cell's figures, a measure in each line; beside ours the aim, and whether it is met. */
export function yieldTable(title: string, columns: readonly YieldColumn[]): string {
  const measured = YIELD_MEASURE_NAMES.filter((name) =>
    columns.some(({ measures }) => measures[name] !== undefined),
  );
  const rows = [
    [title, 'aim', ...columns.flatMap(({ name, isOurs }) => (isOurs ? [name, ''] : [name]))],
    ...measured.map((name) => [
      YIELD_MEASURES[name].title,
      aimText(name),
      ...columns.flatMap((column) => cells(column, name)),
    ]),
  ];
  return inColumns(rows);
}

/** Of a measure without an aim: nothing. */
export function aimText(name: YieldMeasure): string {
  const { aim, shown } = YIELD_MEASURES[name];
  if (aim === undefined) return '';
  return 'least' in aim ? `≥ ${shown(aim.least)}` : `≤ ${shown(aim.most)}`;
}

export function shownValue(name: YieldMeasure, value: number | undefined): string {
  if (value === undefined) return '';
  return value === Number.POSITIVE_INFINITY ? 'never' : YIELD_MEASURES[name].shown(value);
}

/** The measures by which ours falls short. */
export function shortOf({ measures, isOurs }: YieldColumn): YieldMeasure[] {
  if (!isOurs) return [];
  return YIELD_MEASURE_NAMES.filter((name) => {
    const value = measures[name];
    const { aim } = YIELD_MEASURES[name];
    return value !== undefined && aim !== undefined && misses(value, aim);
  });
}

function cells(column: YieldColumn, name: YieldMeasure): string[] {
  const text = shownValue(name, column.measures[name]);
  if (!column.isOurs) return [text];
  const isAimed = text !== '' && YIELD_MEASURES[name].aim !== undefined;
  const verdict = shortOf(column).includes(name) ? 'SHORT' : 'OK';
  return [text, isAimed ? verdict : ''];
}

function inColumns(rows: readonly (readonly string[])[]): string {
  const [head = []] = rows;
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map(
    (row) => `| ${row.map((text, column) => text.padEnd(widths[column] ?? 0)).join(' | ')} |`,
  );
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return lines.toSpliced(1, 0, rule).join('\n');
}
