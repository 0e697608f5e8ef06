import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import test from 'ava';
import type { PeerAddress, SharingInterface } from '../src/index.ts';
import { LanAgent } from './helpers/lan-agent.ts';
import { LAN_INTERFACE, makeLan, whyNoNamespaces } from './helpers/namespaces.ts';
import { until } from './helpers/until.ts';

const why = whyNoNamespaces();
// One after the other: each is several processes, and judges what arrives within milliseconds.
const onLan = why === undefined ? test.serial : test.serial.skip;
if (why !== undefined) test(`LAN tests are skipped: ${why}`, (t) => t.pass());

onLan(
  'hosts on a LAN find what the others hold, over IPv4 and by their own addresses',
  async (t) => {
    await using lan = await makeLan({ hosts: 3 });
    const [a, b, c] = await Promise.all([
      LanAgent.start(lan.host(0), { servePort: 7001, name: 'office', count: 2 }),
      LanAgent.start(lan.host(1), { servePort: 7001, name: 'office', count: 100 }),
      LanAgent.start(lan.host(2), { servePort: 0 }),
    ]);
    const first = { address: { host: lan.host(0).address, port: 7001 }, holds: [0, 1] };
    const second = { address: { host: lan.host(1).address, port: 7001 }, holds: [0, 1] };
    t.deepEqual(sorted(await c.find('office', 2)), [first, second]);
    t.deepEqual(sorted(await a.find('office', 2)), [second]);
    t.deepEqual(sorted(await b.find('office', 2)), [first]);
    t.deepEqual(await c.find('home', 3), []);
    const many = await c.find('office', 100);
    t.is(many.filter(({ address }) => address.host === lan.host(1).address).length, 3);
    t.is(new Set(many.flatMap(({ holds }) => holds)).size, 100);
  },
);

onLan('agents know each other by their announcements, also two on one host', async (t) => {
  await using lan = await makeLan({ hosts: 2 });
  const [a, b, c] = await Promise.all([
    LanAgent.start(lan.host(0), { servePort: 7001 }),
    LanAgent.start(lan.host(0), { servePort: 7002, name: 'office', count: 1 }),
    LanAgent.start(lan.host(1), { servePort: 7001 }),
  ]);
  const seenBy = (agent: LanAgent): Promise<string> =>
    agent.known().then((known) => addressesOf(known).join(' '));
  await until(
    () => seenBy(c),
    (seen) => seen === '10.77.0.1:7001 10.77.0.1:7002',
  );
  await until(
    () => seenBy(a),
    (seen) => seen === '10.77.0.1:7002 10.77.0.2:7001',
  );
  t.deepEqual(addressesOf(await a.find('office', 1)), ['10.77.0.1:7002']);
  await b.end();
  await until(
    () => seenBy(c),
    (seen) => seen === '10.77.0.1:7001',
  );
});

onLan('a cable that is pulled and plugged in again, and a new address, are followed', async (t) => {
  await using lan = await makeLan({ hosts: 2 });
  const [serving, asking] = await Promise.all([
    LanAgent.start(lan.host(0), { servePort: 7001, name: 'office', count: 1 }),
    LanAgent.start(lan.host(1), { servePort: 7001 }),
  ]);
  await lan.host(0).setLink('down');
  await until(
    () => serving.sharing(),
    (sharing) => !isSharing(sharing),
  );
  t.deepEqual(await asking.find('office', 1), []);
  await lan.host(0).setLink('up');
  const foundAgain = await until(
    async () => addressesOf(await asking.find('office', 1)),
    (found) => found.includes('10.77.0.1:7001'),
  );
  t.true(foundAgain.includes('10.77.0.1:7001'));

  await lan.host(0).addAddress('10.78.0.1/24');
  await lan.host(1).removeAddress('10.77.0.2/24');
  await lan.host(1).addAddress('10.78.0.2/24');
  const foundThere = await until(
    async () => addressesOf(await asking.find('office', 1)),
    (found) => found.includes('10.78.0.1:7001'),
  );
  t.true(foundThere.includes('10.78.0.1:7001'));
});

onLan('who moves to another network goes by another name there', async (t) => {
  await using lan = await makeLan({ hosts: 2 });
  await lan.host(0).addAddress('10.78.0.1/24');
  const [watching] = await Promise.all([
    LanAgent.start(lan.host(0), { servePort: 7001 }),
    LanAgent.start(lan.host(1), { servePort: 7002 }),
  ]);
  const nameAt = async (host: string): Promise<string | undefined> =>
    (await watching.known()).find(({ address }) => address.host === host)?.name;
  const before = await until(
    () => nameAt('10.77.0.2'),
    (name) => name !== undefined,
  );
  await lan.host(1).removeAddress('10.77.0.2/24');
  await lan.host(1).addAddress('10.78.0.2/24');
  const after = await until(
    () => nameAt('10.78.0.2'),
    (name) => name !== undefined,
  );
  t.not(after, before);
});

onLan('an agent that can not have port 5353 still asks', async (t) => {
  await using lan = await makeLan({ hosts: 2 });
  const take = `require('dgram').createSocket('udp4').bind(5353, () => console.log('taken'))`;
  await once(lan.host(0).spawn(process.execPath, '-e', take).stdout, 'data');
  const [asking] = await Promise.all([
    LanAgent.start(lan.host(0), { servePort: 7001 }),
    LanAgent.start(lan.host(1), { servePort: 7001, name: 'office', count: 1 }),
  ]);
  const found = addressesOf(await asking.find('office', 1));
  t.true(found.includes('10.77.0.2:7001'));
});

onLan('a neighbour whose address is off-link is not answered', async (t) => {
  await using lan = await makeLan({ hosts: 3 });
  // By IPv6 it would be on-link.
  await lan.host(2).run('sysctl', '-qw', 'net.ipv6.conf.all.disable_ipv6=1');
  await lan.host(2).addAddress('10.99.0.3/24');
  await lan.host(2).removeAddress('10.77.0.3/24');
  const [, stranger, neighbour] = await Promise.all([
    LanAgent.start(lan.host(0), { servePort: 7001, name: 'office', count: 1 }),
    LanAgent.start(lan.host(2), { servePort: 7001 }),
    LanAgent.start(lan.host(1), { servePort: 7001 }),
  ]);
  await until(
    () => neighbour.find('office', 1),
    ({ length }) => length > 0,
  );
  t.deepEqual(await stranger.find('office', 1), []);
  t.deepEqual(await stranger.known(), []);
});

onLan('hosts with IPv6 only find each other', async (t) => {
  await using lan = await makeLan({ hosts: 2 });
  for (const [index, host] of lan.hosts.entries()) {
    await host.addAddress(`fd77::${index + 1}/64`);
    await host.removeAddress(`${host.address}/24`);
  }
  const [asking] = await Promise.all([
    LanAgent.start(lan.host(0), { servePort: 7001 }),
    LanAgent.start(lan.host(1), { servePort: 7001, name: 'office', count: 1 }),
  ]);
  const found = await until(
    () => asking.find('office', 1),
    ({ length }) => length > 0,
  );
  t.deepEqual(addressesOf(found), ['fd77::2:7001']);
  const known = await until(
    () => asking.known(),
    ({ length }) => length > 0,
  );
  t.regex(known[0]?.address.host ?? '', /^fe80::.*%lan0$/);
});

onLan('a namespace that still sees the interfaces of its parent shares on its own', async (t) => {
  await using lan = await makeLan({ hosts: 1 });
  const script = `
    const { watchSharingInterfaces } = await import(process.argv[1]);
    const log = { debug() {}, info() {}, warn() {}, error() {} };
    await using watcher = await watchSharingInterfaces({ log });
    console.log(JSON.stringify(watcher.current));`;
  const index = new URL('../src/index.ts', import.meta.url).href;
  const inNamespace = `--net=/run/netns/${lan.host(0).namespace}`;
  const command = [process.execPath, '--input-type=module', '-e', script, index];
  const { stdout } = await promisify(execFile)('nsenter', [inNamespace, ...command]);
  const current: SharingInterface[] = JSON.parse(stdout);
  t.deepEqual(
    current.filter((each) => each.isSharing).map(({ name }) => name),
    [LAN_INTERFACE],
  );
});

function addressesOf(found: readonly { address: PeerAddress }[]): string[] {
  return found.map(({ address }) => `${address.host}:${address.port}`).toSorted();
}

function isSharing(interfaces: readonly SharingInterface[]): boolean {
  return interfaces.some((each) => each.isSharing);
}

function sorted<Found extends { address: { host: string } }>(found: readonly Found[]): Found[] {
  return found.toSorted((a, b) => a.address.host.localeCompare(b.address.host));
}
