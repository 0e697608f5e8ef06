import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { readHostFacts } from '../src/host-facts.ts';
import type { FactFolders } from '../src/host-facts.ts';

const DEVICES = `Inter-|   Receive  |  Transmit
 face |bytes    packets|bytes    packets
    lo:     135       3      135       3
  eth0:     516       6     1031      14
  tun0:       0       0        0       0
`;
const ROUTES = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask	MTU	Window	IRTT
eth0	00000000	0101A8C0	0003	0	0	0	00000000	0	0	0
eth1	0001A8C0	00000000	0001	0	0	0	00FFFFFF	0	0	0
`;
const ZEROS = '0'.repeat(32);
const ROUTES_6 = `${ZEROS} 00 ${ZEROS} 00 fe800000000000000000000000000001 00000400 00000002 00000000 00000003     eth2
${ZEROS} 00 ${ZEROS} 00 ${ZEROS} ffffffff 00000001 00000000 00200200       lo
`;

test('what Linux tells of interfaces and default routes is read', async (t) => {
  const folders = await makeFolders(t);
  await writeLink(folders, 'eth0', { type: '1\n', address: '02:00:00:00:00:01\n', uevent: '' });
  await mkdir(join(folders.sysClassNet, 'eth0', 'device'));
  await mkdir(join(folders.sysClassNet, 'eth0', 'lower_eth7'));
  const uevent = 'DEVTYPE=tap\nINTERFACE=tun0\n';
  await writeLink(folders, 'tun0', { type: '65534\n', address: '\n', uevent, tun_flags: '0x1' });
  // Of another network namespace, whose /sys this is.
  await writeLink(folders, 'eth9', { type: '1\n', address: '02:00:00:00:00:09\n', uevent: '' });

  const { links, defaultRoutes } = await readHostFacts(folders);
  t.deepEqual(links.get('eth0'), {
    mac: '02:00:00:00:00:01',
    hardwareType: 1,
    deviceType: undefined,
    hasDevice: true,
    isTun: false,
    lowerNames: ['eth7'],
  });
  t.like(links.get('tun0'), { mac: '00:00:00:00:00:00', deviceType: 'tap', isTun: true });
  t.deepEqual([...links.keys()], ['eth0', 'tun0']);
  t.deepEqual([...defaultRoutes].toSorted(), ['eth0', 'eth2']);
});

test('a system that tells nothing has no facts, which is no error', async (t) => {
  const { links, defaultRoutes } = await readHostFacts({ sysClassNet: '/none', procNet: '/none' });
  t.is(links.size + defaultRoutes.size, 0);
});

async function makeFolders(t: {
  teardown(clean: () => Promise<void>): void;
}): Promise<FactFolders> {
  const folder = await mkdtemp(join(tmpdir(), 'peer-cache-facts-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const folders = { sysClassNet: join(folder, 'sys'), procNet: join(folder, 'proc') };
  await mkdir(folders.sysClassNet);
  await mkdir(folders.procNet);
  await writeFile(join(folders.procNet, 'dev'), DEVICES);
  await writeFile(join(folders.procNet, 'route'), ROUTES);
  await writeFile(join(folders.procNet, 'ipv6_route'), ROUTES_6);
  return folders;
}

async function writeLink(
  { sysClassNet }: FactFolders,
  name: string,
  files: Record<string, string>,
): Promise<void> {
  await mkdir(join(sysClassNet, name));
  for (const [file, text] of Object.entries(files)) {
    await writeFile(join(sysClassNet, name, file), text);
  }
}
