import { join } from 'node:path';
import test from 'ava';
import { installed } from './bench/installed.ts';
import { whyNoOffice } from './helpers/branch-office/office.ts';
import { runScenario } from './helpers/branch-office/run-scenario.ts';
import type { RunSetup } from './helpers/branch-office/run-setup.ts';
import { HOSTILE } from './helpers/branch-office/scenarios/hostile.ts';
import { makeServedContent } from './helpers/branch-office/served-content.ts';
import { temporaryFolder } from './helpers/parts.ts';

const HOSTS = 3;
/** So much that nobody is done in time if whoever drips is waited for. */
const SIZE_BYTES = 20e6;
/** Hosts that gave up on each other would bring three. */
const MOST_COPIES = 1.6;
const MOST_MS = 120_000;

const why = whyNoOffice();
const inOffice = why === undefined ? test.serial : test.serial.skip;
if (why !== undefined) test.serial.skip(`in a branch office: ${why}`, () => undefined);

const parts = new AsyncDisposableStack();
let made: Promise<RunSetup> | undefined;
test.after.always(() => parts.disposeAsync());

for (const scenario of HOSTILE) {
  inOffice(
    `${scenario.name} in a small office: the others have the right bytes, for little more`,
    async (t) => {
      t.timeout(MOST_MS);
      const setup = await (made ??= makeSetup());
      const { measures, problems, remarks } = await runScenario(scenario, setup);
      t.log(measures);
      for (const remark of remarks) t.log(remark);
      t.deepEqual(problems, []);
      t.is(measures.wrong, 0);
      t.true((measures.copies ?? Infinity) <= MOST_COPIES, `${measures.copies} copies`);
      const mostLies = scenario.aims.lies ?? 0;
      t.true((measures.lies ?? 0) <= mostLies, `${measures.lies} lies`);
    },
  );
}

/** Made once for all of them. */
async function makeSetup(): Promise<RunSetup> {
  const folder = parts.use(await temporaryFolder());
  const bin = join(await installed(folder.path), 'bin.js');
  const content = await makeServedContent(folder.path, { bin, sizeBytes: SIZE_BYTES });
  return { bin, content, downMbit: 100, upMbit: 20, hosts: HOSTS };
}
