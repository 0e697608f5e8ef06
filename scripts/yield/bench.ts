import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { nameOf } from '../../test/bench/yield/cells.ts';
import type { Cell } from '../../test/bench/yield/cells.ts';
import type { IdleOffice } from '../../test/bench/yield/phases/idle.ts';
import { runCell } from '../../test/bench/yield/run-cell.ts';
import type { CellReport, SubjectReport } from '../../test/bench/yield/run-cell.ts';
import type { Subject } from '../../test/bench/yield/subjects/subject.ts';
import { makeYieldContent } from '../../test/bench/yield/yield-content.ts';
import {
  mediansOf,
  YIELD_MEASURE_NAMES,
  YIELD_MEASURES,
} from '../../test/bench/yield/yield-measures.ts';
import type { YieldArguments } from './arguments.ts';
import { shownValue } from './table.ts';
import type { YieldColumn } from './table.ts';

/** Everything about one kind of WAN. */
export interface CellResult {
  readonly cell: string;
  readonly columns: readonly YieldColumn[];
  readonly runs: readonly CellReport[];
}

export interface BenchParts {
  /** For contents, which are made for each cell. */
  readonly folder: string;
  /** The built command. */
  readonly bin: string;
}

/** Measures all programs in one kind of WAN, as often as asked for. */
export async function benchCell(
  cell: Cell,
  { folder, bin }: BenchParts,
  { subjects, runs, seconds }: YieldArguments,
): Promise<CellResult> {
  const own = await mkdtemp(join(folder, 'cell-'));
  const content = await makeYieldContent(own, { bin, cell, seconds });
  const reports: CellReport[] = [];
  for (let number = 1; number <= runs; number++) {
    console.log(`\n${nameOf(cell)}, ${number} of ${runs}`);
    const events = { idle: printIdle, subject: printSubject };
    reports.push(await runCell({ bin, cell, content, seconds }, subjects, events));
  }
  await rm(own, { recursive: true });
  const columns = subjects.map((subject) => columnOf(subject, reports));
  return { cell: nameOf(cell), columns, runs: reports };
}

function columnOf({ key, name, isOurs }: Subject, reports: readonly CellReport[]): YieldColumn {
  const own = reports.flatMap(({ subjects }) => subjects.filter((each) => each.key === key));
  return { name, isOurs, measures: mediansOf(own.map(({ measures }) => measures)) };
}

function printIdle({ soloMbit, aloneMbit, connectMs, connect95Ms, objectMs }: IdleOffice): void {
  console.log(
    `  idle: a download ${soloMbit.toFixed(1)} Mbit/s, curl in the background ` +
      `${aloneMbit.toFixed(1)}; connections ${connectMs.toFixed(1)} ms (p95 ` +
      `${connect95Ms.toFixed(1)}), objects ${objectMs.toFixed(0)} ms`,
  );
}

function printSubject({ key, measures, problems }: SubjectReport): void {
  const parts = YIELD_MEASURE_NAMES.flatMap((name) => {
    const value = measures[name];
    return value === undefined ? [] : `${YIELD_MEASURES[name].title} ${shownValue(name, value)}`;
  });
  console.log(`  ${key}: ${parts.join(', ')}`);
  for (const problem of problems) console.log(`    ${problem}`);
}
