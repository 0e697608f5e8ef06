// Builds a branch office and plays scenarios in it: `npm run bench:branch -- 30 together8`.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { installed } from '../test/bench/installed.ts';
import { runScenario } from '../test/helpers/branch-office/run-scenario.ts';
import { SCENARIOS } from '../test/helpers/branch-office/scenarios.ts';
import { makeServedContent } from '../test/helpers/branch-office/served-content.ts';

const folder = await mkdtemp(join(tmpdir(), 'pc-bench-'));
try {
  const bin = join(await installed(folder), 'bin.js');
  const content = await makeServedContent(folder, {
    bin,
    sizeBytes: Number(process.argv[2]) * 1e6,
  });
  for (const name of process.argv.slice(3)) {
    const scenario = SCENARIOS.find((each) => each.name === name);
    if (scenario === undefined) throw new Error(name);
    const t = performance.now();
    console.log(
      name,
      await runScenario(scenario, { bin, content, downMbit: 50, upMbit: 10 }),
      (performance.now() - t) / 1000,
    );
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
