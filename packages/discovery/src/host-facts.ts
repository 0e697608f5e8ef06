import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { LinkFacts } from './interface-kind.ts';
import type { HostFacts } from './sharing-interfaces.ts';

/** RTF_REJECT of the kernel's `route.h`: an entry that says there is no such route. */
const REJECT_FLAG = 0x0200;

/** Where Linux tells about network interfaces; other folders in tests. */
export interface FactFolders {
  readonly sysClassNet: string;
  readonly procNet: string;
}

const LINUX_FOLDERS: FactFolders = { sysClassNet: '/sys/class/net', procNet: '/proc/net' };

/** Reads what this system tells; never throws, what can't be read is just not known. */
export async function readHostFacts(folders: FactFolders = LINUX_FOLDERS): Promise<HostFacts> {
  const devices = await textOf(join(folders.procNet, 'dev'));
  const links = new Map<string, LinkFacts>();
  // `/proc/net` is of our own network namespace always, `/sys` of whichever it was mounted in.
  for (const name of interfaceNames(devices)) {
    const facts = await readLinkFacts(join(folders.sysClassNet, name));
    if (facts !== undefined) links.set(name, facts);
  }
  const defaultRoutes = new Set([
    ...ipv4DefaultRoutes(await textOf(join(folders.procNet, 'route'))),
    ...ipv6DefaultRoutes(await textOf(join(folders.procNet, 'ipv6_route'))),
  ]);
  return { links, defaultRoutes, hasNumberedZones: process.platform === 'win32' };
}

/** The names in the first column of `/proc/net/dev`, below its two lines of headings. */
function interfaceNames(devices: string): string[] {
  return devices
    .split('\n')
    .slice(2)
    .map((line) => line.split(':')[0]?.trim() ?? '')
    .filter((name) => name !== '');
}

async function readLinkFacts(folder: string): Promise<LinkFacts | undefined> {
  const type = await textOf(join(folder, 'type'));
  if (type === '') return undefined;
  const [address, uevent, files, hasDevice, isTun] = await Promise.all([
    textOf(join(folder, 'address')),
    textOf(join(folder, 'uevent')),
    readdir(folder).catch((): string[] => []),
    exists(join(folder, 'device')),
    exists(join(folder, 'tun_flags')),
  ]);
  return {
    mac: asMac(address.trim()),
    hardwareType: Number(type),
    deviceType: /^DEVTYPE=(.*)$/m.exec(uevent)?.[1],
    hasDevice,
    isTun,
    lowerNames: files
      .filter((file) => file.startsWith('lower_'))
      .map((file) => file.slice('lower_'.length)),
  };
}

/** As Node gives it: six bytes, zeros where the interface has fewer (a tunnel has none). */
function asMac(address: string): string {
  const bytes = address === '' ? [] : address.split(':');
  return [...bytes, '00', '00', '00', '00', '00', '00'].slice(0, 6).join(':');
}

/** Columns: interface, destination, gateway, flags, ..., mask; in hexadecimal. */
function ipv4DefaultRoutes(table: string): string[] {
  return rows(table)
    .filter(([, destination, , flags, , , , mask]) => {
      const bits = Number.parseInt(flags ?? '0', 16);
      return destination === '00000000' && mask === '00000000' && (bits & REJECT_FLAG) === 0;
    })
    .map(([name = '']) => name);
}

/** Columns: destination, length, source, length, next hop, metric, two counters, flags, interface. */
function ipv6DefaultRoutes(table: string): string[] {
  return rows(table)
    .filter((row) => {
      const bits = Number.parseInt(row[8] ?? '0', 16);
      const isDefault = /^0{32}$/.test(row[0] ?? '') && row[1] === '00';
      return isDefault && (bits & REJECT_FLAG) === 0;
    })
    .map((row) => row[9] ?? '');
}

function rows(table: string): string[][] {
  return table.split('\n').map((line) => line.trim().split(/\s+/));
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    // Another system than Linux, an interface that just went, or a folder hidden from us.
    return '';
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}
