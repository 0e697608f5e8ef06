import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { isOnBattery } from '../src/power/power-supplies.ts';
import { temporaryFolder } from './helpers/temporary-folder.ts';

type Supplies = Record<string, Record<string, string>>;

/** A folder as the kernel makes it. */
async function folderOf(t: ExecutionContext, supplies: Supplies): Promise<string> {
  const folder = await temporaryFolder(t);
  for (const [name, files] of Object.entries(supplies)) {
    await mkdir(join(folder, name));
    for (const [file, text] of Object.entries(files)) {
      await writeFile(join(folder, name, file), `${text}\n`);
    }
  }
  return folder;
}

const runs = test.macro<[string, boolean, Supplies]>({
  async exec(t, _, expected, supplies) {
    t.is(await isOnBattery(await folderOf(t, supplies)), expected);
  },
  title: (_, what, expected) => `${what} is ${expected ? 'on battery' : 'on mains'}`,
});

const PLUGGED = { type: 'Mains', online: '1' };
const UNPLUGGED = { type: 'Mains', online: '0' };
const DRAINED = { type: 'Battery', status: 'Discharging', scope: 'System' };

test(runs, 'a machine without supplies', false, {});
test(runs, 'a laptop that is unplugged', true, { AC: UNPLUGGED, BAT0: DRAINED });
test(runs, 'a laptop that is plugged in', false, {
  AC: PLUGGED,
  BAT0: { ...DRAINED, status: 'Charging' },
});
test(runs, 'a laptop with an adapter that is too weak', false, { AC: PLUGGED, BAT0: DRAINED });
test(runs, 'a laptop that is full', false, {
  AC: UNPLUGGED,
  BAT0: { type: 'Battery', status: 'Full' },
});
test(runs, 'a laptop with a second battery that rests', true, {
  BAT0: { ...DRAINED, status: 'Not charging' },
  BAT1: { type: 'Battery', status: 'Discharging' },
});
test(runs, 'a laptop that is charged by USB', false, {
  AC: UNPLUGGED,
  'ucsi-source-psy-1': { type: 'USB', online: '1' },
  BAT0: DRAINED,
});
test(runs, 'a desktop with a wireless mouse', false, {
  hidpp_battery_0: { type: 'Battery', status: 'Discharging', scope: 'Device' },
});
test(runs, 'a tablet whose pen is charged and itself is not', true, {
  pen: { type: 'USB', online: '1', scope: 'Device' },
  BAT0: DRAINED,
});
test(runs, 'a desktop whose UPS has taken over', true, {
  ups: { type: 'UPS', status: 'Discharging' },
});
test(runs, 'a battery that does not say what it does', false, { BAT0: { type: 'Battery' } });
test(runs, 'a supply of which nothing can be read', false, { odd: {} });

test('where the system does not tell, nobody knows', async (t) => {
  const folder = await temporaryFolder(t);
  await rm(folder, { recursive: true });
  t.is(await isOnBattery(folder), undefined);
});
