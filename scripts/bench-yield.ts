// Measures whether downloads in the background disturb anybody, with a real agent and with other
// programs: `npm run bench:yield`; `npm run bench:yield -- --help` tells the rest. Needs Linux and
// root; all it does is within namespaces of its own.
import { mkdtemp, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { installed } from '../test/bench/installed.ts';
import type { Subject } from '../test/bench/yield/subjects/subject.ts';
import { missingPrograms } from '../test/helpers/branch-office/missing-programs.ts';
import { whyNoOffice } from '../test/helpers/branch-office/office.ts';
import { watchOver } from '../test/helpers/branch-office/watchdog.ts';
import { UsageError } from './branch-office/arguments.ts';
import { runBench } from './branch-office/run-bench.ts';
import { installTestPackages } from './install-test-packages.ts';
import { parseYieldArguments, yieldHelpText } from './yield/arguments.ts';
import type { YieldArguments } from './yield/arguments.ts';
import { benchCell } from './yield/bench.ts';
import type { CellResult } from './yield/bench.ts';
import { shortOf, yieldTable } from './yield/table.ts';

await runBench('bench:yield', main);

async function main(): Promise<number> {
  const wanted = parseYieldArguments(process.argv.slice(2));
  if (wanted === undefined) {
    console.log(yieldHelpText());
    return 0;
  }
  installTestPackages();
  const why = whyNoOffice() ?? whyNoDelay(wanted);
  if (why !== undefined) throw new UsageError(why);
  const results = await bench({ ...wanted, subjects: wanted.subjects.filter(isThere) });
  for (const { cell, columns } of results) console.log(`\n${yieldTable(cell, columns)}`);
  if (wanted.jsonPath !== undefined) await writeJson(wanted.jsonPath, wanted, results);
  return results.some(isShort) ? 1 : 0;
}

function whyNoDelay({ cells }: YieldArguments): string | undefined {
  const isDelayed = cells.some(({ rttMs }) => rttMs > 0);
  return isDelayed && missingPrograms(['python3']).length > 0 ? 'a delay needs python3' : undefined;
}

function isThere({ name, needs }: Subject): boolean {
  const missing = missingPrograms(needs);
  if (missing.length > 0) console.log(`without ${name}: it needs ${missing.join(', ')}`);
  return missing.length === 0;
}

async function bench(wanted: YieldArguments): Promise<CellResult[]> {
  const folder = await mkdtemp(join(tmpdir(), 'pc-bench-'));
  await using _dog = watchOver({ folder });
  const [cpu] = cpus();
  console.log(`${cpus().length} x ${cpu?.model}, Node ${process.version}`);
  console.log(`phases of ${wanted.seconds} s, ${wanted.runs} runs each`);
  const bin = join(await installed(folder), 'bin.js');
  const results: CellResult[] = [];
  for (const cell of wanted.cells) results.push(await benchCell(cell, { folder, bin }, wanted));
  return results;
}

/** Where ours failed to be measured it falls short too. */
function isShort({ columns, runs }: CellResult): boolean {
  const problems = runs.flatMap(({ subjects }) =>
    subjects.flatMap((each) => (each.key === 'ours' ? each.problems : [])),
  );
  return problems.length > 0 || columns.some((column) => shortOf(column).length > 0);
}

async function writeJson(path: string, wanted: YieldArguments, results: readonly CellResult[]) {
  const all = { seconds: wanted.seconds, results };
  await writeFile(path, `${JSON.stringify(all, undefined, 2)}\n`);
}
