import { once } from 'node:events';
import type { NetworkInterfaceInfo } from 'node:os';
import { silentLog } from '@peer-cache/core';
import test from 'ava';
import { watchSharingInterfaces } from '../src/index.ts';
import type { HostFacts } from '../src/index.ts';
import type { OsInterfaces } from '../src/sharing-interfaces.ts';
import { until } from './helpers/until.ts';

const NO_FACTS: HostFacts = {
  links: new Map(),
  defaultRoutes: new Set(),
  hasNumberedZones: false,
};

test('an interface that comes and one that goes are noticed', async (t) => {
  let interfaces: OsInterfaces = { eth0: [address('10.0.0.1')] };
  const host = { interfaces: () => interfaces, facts: async () => NO_FACTS };
  await using watcher = await watchSharingInterfaces({ log: silentLog, host }, { lookEveryMs: 5 });
  t.deepEqual(sharingNames(), ['eth0']);

  interfaces = { eth0: [address('10.0.0.1')], wlan0: [address('10.1.0.1')] };
  await once(watcher, 'interfaces-changed');
  t.deepEqual(sharingNames(), ['eth0', 'wlan0']);

  interfaces = {};
  const [event] = await once(watcher, 'interfaces-changed');
  t.deepEqual(event, { interfaces: [] });

  function sharingNames(): string[] {
    return watcher.current.filter(({ isSharing }) => isSharing).map(({ name }) => name);
  }
});

test('facts are read again when an interface changes, and once in a while', async (t) => {
  let reads = 0;
  const host = {
    interfaces: () => ({ eth0: [address('10.0.0.1')] }),
    async facts(): Promise<HostFacts> {
      reads++;
      // The default route comes late, as it does by DHCP.
      const defaultRoutes = new Set(reads > 1 ? ['veth0'] : []);
      return { ...NO_FACTS, defaultRoutes };
    },
  };
  await using watcher = await watchSharingInterfaces({ log: silentLog, host }, { lookEveryMs: 1 });
  t.is(reads, 1);
  await until(
    () => reads,
    (count) => count >= 2,
  );
  t.is(watcher.current.length, 1);
});

test('a system that fails to answer keeps what was known', async (t) => {
  let looks = 0;
  const host = {
    interfaces(): OsInterfaces {
      if (++looks > 1) throw new Error('no memory');
      return { eth0: [address('10.0.0.1')] };
    },
    facts: async () => NO_FACTS,
  };
  await using watcher = await watchSharingInterfaces({ log: silentLog, host }, { lookEveryMs: 1 });
  await until(
    () => looks,
    (count) => count > 3,
  );
  t.is(watcher.current[0]?.name, 'eth0');
});

test('a configured network that is none is refused at once', async (t) => {
  const opening = watchSharingInterfaces({ log: silentLog }, { networks: ['office'] });
  t.like(await t.throwsAsync(opening), { code: 'INVALID_SHARING_NETWORK' });
});

function address(text: string): NetworkInterfaceInfo {
  return {
    address: text,
    netmask: '255.255.255.0',
    family: 'IPv4',
    mac: '02:00:00:00:00:01',
    internal: false,
    cidr: `${text}/24`,
  };
}
