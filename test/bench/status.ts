import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import type { Bench } from './bench.ts';
import { median, timed } from './measure.ts';
import { Machine } from './office.ts';

const RUNS = 21;

/** (d) `peer-cache status` as installed, with an agent that answers, against an empty Node. */
export async function benchStatus({ folder, bin, report }: Bench): Promise<void> {
  const machine = await Machine.create(bin, join(folder, 'status'));
  await using _ = await machine.startAgent('1 GiB');
  const status: number[] = [];
  const empty: number[] = [];
  for (let count = -3; count < RUNS; count++) {
    const emptySeconds = await timed(() => void spawnSync(process.execPath, ['-e', '0']));
    const { seconds } = await machine.run('status');
    if (count < 0) continue;
    empty.push(emptySeconds);
    status.push(seconds);
  }
  const more = (median(status) - median(empty)) * 1000;
  report({
    name: '(d) peer-cache status',
    ours: `${(median(status) * 1000).toFixed(0)} ms`,
    other: `node -e 0 ${(median(empty) * 1000).toFixed(0)} ms`,
    ratio: undefined,
    aim: `<= +40 ms: +${more.toFixed(0)} ms`,
  });
}
