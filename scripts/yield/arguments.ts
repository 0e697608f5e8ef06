import { parseArgs } from 'node:util';
import { ALL_CELLS, CHOSEN_CELLS, nameOf } from '../../test/bench/yield/cells.ts';
import type { Cell } from '../../test/bench/yield/cells.ts';
import { SUBJECTS } from '../../test/bench/yield/subjects.ts';
import type { Subject } from '../../test/bench/yield/subjects/subject.ts';
import { YIELD_MEASURE_NAMES, YIELD_MEASURES } from '../../test/bench/yield/yield-measures.ts';
import { UsageError } from '../branch-office/arguments.ts';
import { aimText } from './table.ts';

export interface YieldArguments {
  readonly cells: readonly Cell[];
  readonly subjects: readonly Subject[];
  readonly runs: number;
  readonly seconds: number;
  readonly jsonPath: string | undefined;
}

/** Shorter phases have too few pages and too few samples. */
const LEAST_SECONDS = 4;
const OPTIONS = {
  cell: { type: 'string', multiple: true, default: [] },
  'all-cells': { type: 'boolean', default: false },
  background: { type: 'string', default: SUBJECTS.map(({ key }) => key).join(',') },
  'no-others': { type: 'boolean', default: false },
  runs: { type: 'string', default: '3' },
  seconds: { type: 'string', default: '10' },
  json: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} satisfies NonNullable<Parameters<typeof parseArgs>[0]>['options'];

/** What is to be done, or undefined where help is wanted. */
export function parseYieldArguments(args: readonly string[]): YieldArguments | undefined {
  const values = parsed(args);
  if (values.help) return undefined;
  const named = values.cell.map(cellOf);
  const cells = values['all-cells'] ? ALL_CELLS : CHOSEN_CELLS;
  return {
    cells: named.length > 0 ? named : cells,
    subjects: subjectsOf(values['no-others'] ? 'ours' : values.background),
    runs: wholeFrom(1, 'runs', values.runs),
    seconds: wholeFrom(LEAST_SECONDS, 'seconds', values.seconds),
    jsonPath: values.json,
  };
}

export function yieldHelpText(): string {
  const measures = YIELD_MEASURE_NAMES.map((name) => {
    const { title, meaning, aim } = YIELD_MEASURES[name];
    const aimed = aim === undefined ? '' : `; ${aimText(name)}`;
    return `  ${title.padEnd(24)} ${meaning}${aimed}`;
  });
  return `npm run bench:yield -- [OPTIONS]

Builds branch offices of network namespaces with several kinds of WAN, has a program download in the
background on one host, and measures whether those who work on other hosts notice: a download of
theirs, new connections, pages. Needs Linux and root. Exit code 1: a figure of ours falls short.

  --cell NAME         a kind of WAN, such as cubic-20-250-40: what the origin's TCP goes by (cubic,
                      bbr), Mbit/s (20, 50), ms of buffer (50, 250), ms of a round trip (2, 40);
                      may be given more than once
  --all-cells         all ${ALL_CELLS.length} of them
  --background NAMES  of ${SUBJECTS.map(({ key }) => key).join(',')}; all unless given
  --no-others         the same as --background ours
  --runs 3            runs of each, whose medians are shown
  --seconds 10        length of a phase; a run of one program has some five and a half
  --json FILE         where every figure of every run is written; null is what never happened

Without a cell named: ${CHOSEN_CELLS.map(nameOf).join(', ')}.

What is measured:
${measures.join('\n')}
`;
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'the options make no sense');
  }
}

function cellOf(name: string): Cell {
  const found = ALL_CELLS.find((cell) => nameOf(cell) === name);
  if (found !== undefined) return found;
  throw new UsageError(`no cell ${name}; there are ${ALL_CELLS.map(nameOf).join(', ')}`);
}

function subjectsOf(text: string): Subject[] {
  return text.split(',').map((key) => {
    const found = SUBJECTS.find((subject) => subject.key === key);
    if (found !== undefined) return found;
    throw new UsageError(`no ${key}; there are ${SUBJECTS.map((each) => each.key).join(', ')}`);
  });
}

function wholeFrom(least: number, name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least) return value;
  throw new UsageError(`--${name} must be a whole number from ${least} on, got ${text}`);
}
