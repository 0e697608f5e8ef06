import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { silentLog } from '@peer-cache/core';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { createClient } from 'dbus-native';
import { watchNetworkManager } from '../src/network/network-manager.ts';
import type { NetworkManagerWatch } from '../src/network/network-manager.ts';
import type { PrimaryConnection } from '../src/network/primary-connection.ts';
import { connectedBy, FakeNetworkManager, MANAGER_PATH } from './helpers/fake-network-manager.ts';
import type { ConnectedBy } from './helpers/fake-network-manager.ts';
import { privateBus, whyNoBus } from './helpers/private-bus.ts';
import type { PrivateBus } from './helpers/private-bus.ts';
import { temporaryFolder } from './helpers/temporary-folder.ts';

const reason = whyNoBus();
const onBus = reason === undefined ? test : test.skip;
if (reason !== undefined) test('a bus', (t) => (t.log(reason), t.pass()));

const WIFI: ConnectedBy = {
  metered: ['u', 3],
  type: '802-11-wireless',
  interfaceName: 'wlan0',
  ssid: Buffer.from('Café'),
};
const WIFI_READ: PrimaryConnection = {
  interfaceNames: ['wlan0'],
  ssid: 'Café',
  isMetered: true,
  isRoaming: false,
};
const MODEM: ConnectedBy = {
  metered: ['u', 2],
  type: 'gsm',
  interfaceName: 'wwan0',
  registrationState: 1,
};
const LAST_RETRY_MS = 60_000;
const REMEMBERED_MS = 30_000;

/** Waits that end when the test says so. */
function waits() {
  const all: { readonly ms: number; readonly end: () => void }[] = [];
  const wait = async (ms: number, signal: AbortSignal): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const abort = (): void => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    all.push({ ms, end: resolve });
    try {
      await promise;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  };
  return { all, wait };
}

async function busWith(t: ExecutionContext, by: ConnectedBy) {
  const bus = await privateBus(t);
  await bus.start();
  const manager = new FakeNetworkManager(bus.address, connectedBy(by));
  await manager.start();
  t.teardown(() => manager.stop());
  return { bus, manager };
}

/** A watch whose waits for another try are over at once, and others when the test says so. */
async function watching(t: ExecutionContext, { address }: Pick<PrivateBus, 'address'>) {
  const { all, wait } = waits();
  const eager = async (ms: number, signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted();
    if (ms === REMEMBERED_MS) await wait(ms, signal);
    else await new Promise((resolve) => setImmediate(resolve));
  };
  const watch = await watchNetworkManager({ log: silentLog, wait: eager }, { busAddress: address });
  t.teardown(() => watch[Symbol.asyncDispose]());
  return { watch, remembered: all };
}

async function changed(watch: NetworkManagerWatch): Promise<PrimaryConnection | undefined> {
  const [{ connection }] = await once(watch, 'connection-changed');
  return connection;
}

onBus('what NetworkManager says is known from the start', async (t) => {
  const { bus } = await busWith(t, WIFI);
  const { watch } = await watching(t, bus);
  t.true(watch.isPresent);
  t.deepEqual(watch.connection, WIFI_READ);
});

const meters = test.macro<[number, boolean | undefined]>({
  async exec(t, metered, expected) {
    const { bus } = await busWith(t, { ...WIFI, metered: ['u', metered] });
    const { watch } = await watching(t, bus);
    t.is(watch.connection?.isMetered, expected);
  },
  title: (_, metered, expected) => `Metered ${metered} is ${expected}`,
});
onBus(meters, 0, undefined);
onBus(meters, 1, true);
onBus(meters, 2, false);
onBus(meters, 3, true);
onBus(meters, 4, false);
onBus(meters, 5, undefined);

onBus('a change is followed, and so is the loss of the connection after a while', async (t) => {
  const { bus, manager } = await busWith(t, WIFI);
  const { watch, remembered } = await watching(t, bus);
  const metered = changed(watch);
  manager.changeManager({ Metered: ['u', 4] });
  t.deepEqual(await metered, { ...WIFI_READ, isMetered: false });
  const lost = changed(watch);
  manager.changeManager({ PrimaryConnection: ['o', '/'] });
  await until(() => remembered.length === 1);
  t.deepEqual(watch.connection, { ...WIFI_READ, isMetered: false });
  remembered[0]?.end();
  t.is(await lost, undefined);
  t.true(watch.isPresent);
});

onBus('a modem roams or not, and tells when that changes', async (t) => {
  const { bus, manager } = await busWith(t, MODEM);
  const { watch } = await watching(t, bus);
  t.like(watch.connection, { interfaceNames: ['wwan0', 'cdc-wdm0'], isRoaming: false });
  const roams = changed(watch);
  manager.changeModem(5);
  t.like(await roams, { isRoaming: true });
});

onBus('the strength of an access point that changes is no reason to ask', async (t) => {
  const { bus, manager } = await busWith(t, WIFI);
  const { watch } = await watching(t, bus);
  const { asked } = manager;
  const path = `${MANAGER_PATH}/AccessPoint/7`;
  for (let strength = 0; strength < 5; strength++) {
    manager.change(path, 'org.freedesktop.NetworkManager.AccessPoint', {
      Strength: ['y', strength],
    });
    await manager.told();
  }
  const metered = changed(watch);
  manager.changeManager({ Metered: ['u', 2] });
  await metered;
  // One reading: of NetworkManager, the connection, its device and the access point.
  t.is(manager.asked - asked, 4);
});

onBus(
  'NetworkManager that is restarted is remembered, and asked again when it is back',
  async (t) => {
    const { bus, manager } = await busWith(t, WIFI);
    const { watch, remembered } = await watching(t, bus);
    await manager.stop();
    await until(() => !watch.isPresent);
    t.deepEqual(watch.connection, WIFI_READ);
    const other = new FakeNetworkManager(bus.address, connectedBy({ ...WIFI, metered: ['u', 2] }));
    const back = changed(watch);
    await other.start();
    t.teardown(() => other.stop());
    t.like(await back, { isMetered: false });
    t.true(watch.isPresent);
    // What would have been forgotten by now is not.
    remembered[0]?.end();
    await new Promise((resolve) => setImmediate(resolve));
    t.like(watch.connection, { isMetered: false });
  },
);

onBus('without NetworkManager nothing is known, until it comes', async (t) => {
  const bus = await privateBus(t);
  await bus.start();
  const { watch } = await watching(t, bus);
  t.deepEqual([watch.isPresent, watch.connection], [false, undefined]);
  const manager = new FakeNetworkManager(bus.address, connectedBy(WIFI));
  const come = changed(watch);
  await manager.start();
  t.teardown(() => manager.stop());
  t.deepEqual(await come, WIFI_READ);
});

onBus('a bus that is restarted is connected to again', async (t) => {
  const { bus, manager } = await busWith(t, WIFI);
  const { watch } = await watching(t, bus);
  await bus.stop();
  await until(() => !watch.isPresent);
  t.deepEqual(watch.connection, WIFI_READ);
  await manager.stop();
  await bus.start();
  const other = new FakeNetworkManager(bus.address, connectedBy({ ...WIFI, metered: ['u', 2] }));
  const back = changed(watch);
  await other.start();
  t.teardown(() => other.stop());
  t.like(await back, { isMetered: false });
});

onBus('values of other types than promised are no values', async (t) => {
  const { bus, manager } = await busWith(t, { ...WIFI, metered: ['s', 'yes'] });
  const active = `${MANAGER_PATH}/ActiveConnection/1`;
  manager.change(active, 'org.freedesktop.NetworkManager.Connection.Active', {
    Devices: ['s', 'all'],
    SpecificObject: ['as', ['/']],
  });
  const { watch } = await watching(t, bus);
  const nothing = { interfaceNames: [], ssid: undefined, isMetered: undefined, isRoaming: false };
  t.deepEqual(watch.connection, nothing);
});

onBus('what a forged signal says is not believed', async (t) => {
  const { bus, manager } = await busWith(t, WIFI);
  const { watch } = await watching(t, bus);
  const liar = createClient({ busAddress: bus.address });
  t.teardown(() => liar.close());
  const names = await liar.listNames();
  let told = 0;
  watch.on('connection-changed', () => told++);
  const { asked } = manager;
  for (const name of names.filter((each) => each.startsWith(':') && each !== liar.name)) {
    liar.connection.message({
      type: 4,
      serial: liar.serial++,
      destination: name,
      path: MANAGER_PATH,
      interface: 'org.freedesktop.DBus.Properties',
      member: 'PropertiesChanged',
      signature: 'sa{sv}as',
      body: ['org.freedesktop.NetworkManager', [['Metered', ['u', 2]]], []],
    });
  }
  await until(() => manager.asked > asked);
  const metered = changed(watch);
  manager.changeManager({ Metered: ['u', 0] });
  t.like(await metered, { isMetered: undefined });
  t.is(told, 1);
});

test('without a bus it is quiet, and tries again ever more rarely', async (t) => {
  const folder = await temporaryFolder(t);
  const { all, wait } = waits();
  const warnings: unknown[] = [];
  const log = { ...silentLog, warn: (facts: object) => warnings.push(facts) };
  const options = { busAddress: `unix:path=${folder}/none` };
  await using watch = await watchNetworkManager({ log, wait }, options);
  t.deepEqual([watch.isPresent, watch.connection], [false, undefined]);
  for (let tries = 0; tries < 8; tries++) {
    await until(() => all.length === tries + 1);
    all.at(-1)?.end();
  }
  t.deepEqual(
    all.slice(0, 4).map(({ ms }) => ms),
    [1000, 2000, 4000, 8000],
  );
  t.is(all.at(-1)?.ms, LAST_RETRY_MS);
  t.deepEqual(warnings, []);
});

test('a bus that accepts and says nothing holds up neither the start nor the end', async (t) => {
  const path = join(await temporaryFolder(t), 'bus');
  const server = createServer((socket) => socket.on('error', () => undefined)).listen(path);
  await once(server, 'listening');
  t.teardown(() => server.close());
  const startedMs = performance.now();
  const watch = await watchNetworkManager({ log: silentLog }, { busAddress: `unix:path=${path}` });
  t.deepEqual([watch.isPresent, watch.connection], [false, undefined]);
  await watch[Symbol.asyncDispose]();
  const tookMs = performance.now() - startedMs;
  t.true(tookMs < 3000, `${tookMs} ms`);
});

/** The bus has a clock of its own: it is looked at again and again. */
async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 2));
}
