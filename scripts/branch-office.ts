// Measures what a branch office takes over its WAN to give one file to all its hosts, with real
// agents and with other programs: `npm run bench:branch`; `npm run bench:branch -- --help` tells
// the rest. Needs Linux and root; all it does is within namespaces of its own.
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { installed } from '../test/bench/installed.ts';
import { missingPrograms } from '../test/helpers/branch-office/missing-programs.ts';
import { whyNoOffice } from '../test/helpers/branch-office/office.ts';
import { OTHER_PROGRAMS } from '../test/helpers/branch-office/other-programs.ts';
import { makeServedContent } from '../test/helpers/branch-office/served-content.ts';
import { watchOver } from '../test/helpers/branch-office/watchdog.ts';
import { helpText, parseArguments, UsageError } from './branch-office/arguments.ts';
import type { BenchArguments } from './branch-office/arguments.ts';
import { benchScenario } from './branch-office/bench.ts';
import type { BenchResult } from './branch-office/bench.ts';
import { runBench } from './branch-office/run-bench.ts';
import { fallsShort, tableOf } from './branch-office/table.ts';
import { installTestPackages } from './install-test-packages.ts';

await runBench('bench:branch', main);

async function main(): Promise<number> {
  const wanted = parseArguments(process.argv.slice(2));
  if (wanted === undefined) {
    console.log(helpText());
    return 0;
  }
  installTestPackages();
  refuseWhereImpossible(wanted);
  const results = await bench(wanted);
  console.log(`\n${tableOf(results)}`);
  if (wanted.jsonPath !== undefined) await writeJson(wanted.jsonPath, wanted, results);
  return results.some(fallsShort) ? 1 : 0;
}

function refuseWhereImpossible({ withOthers }: BenchArguments): void {
  const why = whyNoOffice();
  if (why !== undefined) throw new UsageError(why);
  const missing = withOthers ? missingPrograms(OTHER_PROGRAMS.flatMap(({ needs }) => needs)) : [];
  if (missing.length === 0) return;
  throw new UsageError(`the other programs need ${missing.join(', ')}; --no-others goes without`);
}

async function bench(wanted: BenchArguments): Promise<BenchResult[]> {
  const { scenarios, sizeBytes, downMbit, upMbit, hosts, logFolder } = wanted;
  const folder = await mkdtemp(join(tmpdir(), 'pc-bench-'));
  await using _dog = watchOver({ folder });
  if (logFolder !== undefined) await mkdir(logFolder, { recursive: true });
  const [cpu] = cpus();
  console.log(`${cpus().length} x ${cpu?.model}, Node ${process.version}`);
  console.log(`${sizeBytes / 1e6} MB over ${downMbit}/${upMbit} Mbit/s, ${wanted.runs} runs each`);
  const bin = join(await installed(folder), 'bin.js');
  const content = await makeServedContent(folder, { bin, sizeBytes });
  const setup = { bin, content, downMbit, upMbit, hosts, logFolder };
  const results: BenchResult[] = [];
  for (const scenario of scenarios) results.push(...(await benchScenario(scenario, setup, wanted)));
  return results;
}

async function writeJson(path: string, wanted: BenchArguments, results: readonly BenchResult[]) {
  const { sizeBytes, downMbit, upMbit } = wanted;
  const all = { sizeBytes, downMbit, upMbit, results };
  await writeFile(path, `${JSON.stringify(all, undefined, 2)}\n`);
}
