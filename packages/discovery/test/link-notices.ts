import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { silentLog } from '@peer-cache/core';
import test from 'ava';
import { openLinkNotices, watchSharingInterfaces } from '../src/index.ts';
import { LanNotices } from './helpers/lan-notices.ts';
import { ip, LAN_INTERFACE, makeLan, whyNoNamespaces } from './helpers/namespaces.ts';

const why = whyNoNamespaces();
const onLan = why === undefined ? test.serial : test.serial.skip;
if (why !== undefined) test(`LAN tests are skipped: ${why}`, (t) => t.pass());

onLan('a notice is heard by all on the link, also by several on one host', async (t) => {
  await using lan = await makeLan({ hosts: 3 });
  const [a, b, c, d] = await Promise.all([
    LanNotices.start(lan.host(0)),
    LanNotices.start(lan.host(0)),
    LanNotices.start(lan.host(1)),
    LanNotices.start(lan.host(2)),
  ]);
  a.send('hello');
  await Promise.all([a, b, c, d].map((each) => each.hears('10.77.0.1 hello')));
  c.send('hi');
  await Promise.all([a, b, d].map((each) => each.hears('10.77.0.2 hi')));
  t.deepEqual(d.heard, ['10.77.0.1 hello', '10.77.0.2 hi']);
  await b.end();
  c.send('still there?');
  await a.hears('10.77.0.2 still there?');
});

onLan("a notice that is too long is nobody's, and the next one is heard", async (t) => {
  await using lan = await makeLan({ hosts: 2 });
  const [hearing, sending] = await Promise.all([
    LanNotices.start(lan.host(0)),
    LanNotices.start(lan.host(1)),
  ]);
  const longest = 'x'.repeat(256);
  sending.send(`${longest}x`);
  sending.send(longest);
  await hearing.hears(`10.77.0.2 ${longest}`);
  t.is(hearing.heard.length, 1);
});

onLan('who is off-link is not heard, though its datagrams come', async (t) => {
  await using lan = await makeLan({ hosts: 3 });
  await lan.host(2).addAddress('10.99.0.3/24');
  await lan.host(2).removeAddress('10.77.0.3/24');
  const [hearing, neighbour, stranger] = await Promise.all([
    LanNotices.start(lan.host(0)),
    LanNotices.start(lan.host(1)),
    LanNotices.start(lan.host(2)),
  ]);
  await lan.host(1).addAddress('10.99.0.2/24');
  // Who has an address there as well hears it: it has come to the others, too.
  await neighbour.hearsFrom(stranger, '10.99.0.3 from afar');
  neighbour.send('from here');
  await hearing.hears('10.77.0.2 from here');
  t.deepEqual(
    hearing.heard.filter((line) => line.endsWith('from afar')),
    [],
  );
});

onLan('on each interface that is shared on everybody hears it, and on no other', async (t) => {
  await using lan = await makeLan({ hosts: 2 });
  await using other = await makeLan({ hosts: 1, network: '10.78.0' });
  const between = lan.host(0);
  await addInterface('lan1', other.bridge, '10.78.0.9');
  const [sending, here, there] = await Promise.all([
    LanNotices.start(between, LAN_INTERFACE, 'lan1'),
    LanNotices.start(lan.host(1)),
    LanNotices.start(other.host(0)),
  ]);
  sending.send('to all');
  await here.hears('10.77.0.1 to all');
  await there.hears('10.78.0.9 to all');
  there.send('back');
  await sending.hears('10.78.0.1 back');
  await sending.end();

  const narrow = await LanNotices.start(between, LAN_INTERFACE);
  narrow.send('to some');
  await here.hears('10.77.0.1 to some');
  there.send('anybody?');
  await here.hearsFrom(narrow, '10.77.0.1 to the end');
  t.false(narrow.heard.includes('10.78.0.1 anybody?'));
  t.deepEqual(
    there.heard.filter((line) => line.includes('to some')),
    [],
  );

  async function addInterface(name: string, bridge: string, address: string): Promise<void> {
    const { namespace } = between;
    const near = `${name} netns ${namespace}`;
    await ip(...`link add ${near} type veth peer name second netns ${bridge}`.split(' '));
    await ip('-n', bridge, 'link', 'set', 'second', 'master', 'br0', 'up');
    await ip('-n', namespace, 'addr', 'add', `${address}/24`, 'dev', name);
    await ip('-n', namespace, 'link', 'set', name, 'up');
  }
});

onLan('a cable that is plugged in later, and another address, are followed', async (t) => {
  await using lan = await makeLan({ hosts: 2 });
  await lan.host(0).setLink('down');
  const [a, b] = await Promise.all([LanNotices.start(lan.host(0)), LanNotices.start(lan.host(1))]);
  b.send('before');
  await b.hears('10.77.0.2 before');
  await lan.host(0).setLink('up');
  await a.hearsFrom(b, '10.77.0.2 after');
  await b.hearsFrom(a, '10.77.0.1 after');
  t.false(a.heard.includes('10.77.0.2 before'));
  for (const [index, host] of lan.hosts.entries()) {
    await host.addAddress(`10.78.0.${index + 1}/24`);
    await host.removeAddress(`${host.address}/24`);
  }
  await a.hearsFrom(b, '10.78.0.2 elsewhere');
  await b.hearsFrom(a, '10.78.0.1 elsewhere');
});

test('a port that somebody has for itself is done without, with a warning', async (t) => {
  const taken = createSocket('udp4');
  taken.bind(0, '0.0.0.0');
  await once(taken, 'listening');
  const warnings: object[] = [];
  const log = { ...silentLog, warn: (facts: object) => void warnings.push(facts) };
  await using watcher = await watchSharingInterfaces({ log: silentLog });
  const { port } = taken.address();
  t.is(await openLinkNotices({ log, watcher }, { port, mostBytes: 256 }), undefined);
  t.like(warnings, [{ port }]);
  taken.close();
});
