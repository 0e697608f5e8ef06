import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Where Linux tells of adapters and batteries, one folder each. */
const POWER_SUPPLIES = '/sys/class/power_supply';

/** What gives power from outside; a laptop that is charged by its USB socket has no other. */
const OUTSIDE: readonly unknown[] = ['Mains', 'USB', 'Wireless'];
const STORED: readonly unknown[] = ['Battery', 'UPS'];

/**
 * Whether this machine lives on its battery: one is being discharged, and nothing gives power from
 * outside. Undefined where the system does not tell.
 */
export async function isOnBattery(folder: string = POWER_SUPPLIES): Promise<boolean | undefined> {
  const names = await namesIn(folder);
  if (names === undefined) return undefined;
  const supplies = await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      const [type, scope] = await Promise.all([lineOf(path, 'type'), lineOf(path, 'scope')]);
      return { path, type, scope };
    }),
  );
  // The battery of a mouse or a pen says nothing of the machine.
  const own = supplies.filter(({ scope }) => scope !== 'Device');
  const outside = own.filter(({ type }) => OUTSIDE.includes(type));
  if (await hasLine(outside, 'online', '1')) return false;
  // Last: a battery's state is asked of its controller, which takes some laptops 50 ms.
  const stored = own.filter(({ type }) => STORED.includes(type));
  return await hasLine(stored, 'status', 'Discharging');
}

async function hasLine(
  supplies: readonly { readonly path: string }[],
  name: string,
  wanted: string,
): Promise<boolean> {
  const lines = await Promise.all(supplies.map(({ path }) => lineOf(path, name)));
  return lines.includes(wanted);
}

async function namesIn(folder: string): Promise<string[] | undefined> {
  try {
    return await readdir(folder);
  } catch {
    // Another system than Linux, or a container that is shown none of it.
    return undefined;
  }
}

/** Undefined also for a battery that was taken out just now. */
async function lineOf(folder: string, name: string): Promise<string | undefined> {
  try {
    return (await readFile(join(folder, name), 'utf8')).trim();
  } catch {
    return undefined;
  }
}
