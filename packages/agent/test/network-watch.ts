import { execFile, spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { silentLog } from '@peer-cache/core';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import type { NetworkFacts } from '../src/network/network-facts.ts';
import { readNetworkFacts, watchNetwork } from '../src/network/network-watch.ts';

const run = promisify(execFile);
const WATCHER = fileURLToPath(new URL('fixtures/watch-network.ts', import.meta.url));
/** In a network of its own; `pc0` is the network interface, `pc1` the other end of its cable. */
const IN_OWN_NETWORK = `
  ip link set lo up
  ip link add pc0 type veth peer name pc1
  ip addr add 10.76.0.1/24 dev pc0
  ip link set pc0 up
  ip link set pc1 up
  exec "$0" "$1"`;
const NOTICED_WITHIN_MS = 2000;

const inNamespace =
  process.platform === 'linux' && process.getuid?.() === 0 ? test.serial : test.serial.skip;

/** A host that says `online` and `offline`, one line each. */
async function watchingHost(t: ExecutionContext) {
  const args = ['--net', 'sh', '-c', IN_OWN_NETWORK, process.execPath, WATCHER];
  const host: ChildProcessByStdio<Writable, Readable, null> = spawn('unshare', args, {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.teardown(() => host.kill('SIGKILL'));
  const lines = createInterface({ input: host.stdout })[Symbol.asyncIterator]();
  const pid = String(host.pid);
  return {
    async says(): Promise<unknown> {
      return (await lines.next()).value;
    },
    async ip(command: string): Promise<void> {
      await run('nsenter', ['--target', pid, '--net', 'ip', ...command.split(' ')]);
    },
  };
}

inNamespace(
  'a link that goes, a cable pulled at its far end and an address lost are noticed within 2 s',
  async (t) => {
    const host = await watchingHost(t);
    t.is(await host.says(), 'online');
    const steps: [string, string][] = [
      ['link set pc0 down', 'offline'],
      ['link set pc0 up', 'online'],
      ['link set pc1 down', 'offline'],
      ['link set pc1 up', 'online'],
      ['addr del 10.76.0.1/24 dev pc0', 'offline'],
      ['addr add 10.76.0.2/24 dev pc0', 'online'],
      // Still online, but by another way: what waits may be tried again.
      ['route add default via 10.76.0.9', 'online'],
    ];
    for (const [command, expected] of steps) {
      await host.ip(command);
      const startedMs = performance.now();
      t.is(await host.says(), expected, command);
      const tookMs = performance.now() - startedMs;
      t.true(tookMs < NOTICED_WITHIN_MS, `${command}: ${tookMs} ms`);
    }
  },
);

test('a look at the network of this machine takes less than a millisecond', (t) => {
  const takenMs = Array.from({ length: 50 }, () => {
    const startedMs = performance.now();
    readNetworkFacts();
    return performance.now() - startedMs;
  });
  const median = takenMs.toSorted((a, b) => a - b)[25] ?? 0;
  t.log(`${median.toFixed(3)} ms`);
  t.true(median < 1);
});

test('what does not change is not told', async (t) => {
  const { told, watch, answer } = watching(ONLINE);
  using _watch = watch;
  for (let look = 0; look < 3; look++) await answer(ONLINE);
  t.deepEqual(told, []);
  await answer(OFFLINE);
  t.deepEqual([told, watch.isOnline], [[false], false]);
});

test('where the system refuses to tell, what was known stays, and the log says it once', async (t) => {
  const { told, watch, answer, warnings } = watching(ONLINE);
  using _watch = watch;
  for (let look = 0; look < 3; look++) await answer(undefined);
  t.deepEqual([told, watch.isOnline, warnings.length], [[], true, 1]);
  await answer(OFFLINE);
  t.deepEqual(told, [false]);
});

const ONLINE: NetworkFacts = {
  addresses: [{ interfaceName: 'eth0', family: 4, address: '10.0.0.1', isLoopback: false }],
  routes: undefined,
};
const OFFLINE: NetworkFacts = { addresses: [], routes: undefined };

/** A watch whose looks see what `answer` gives; it resolves after the look. */
function watching(first: NetworkFacts) {
  let facts: NetworkFacts | undefined = first;
  let looked = Promise.withResolvers<void>();
  const warnings: string[] = [];
  const log = { ...silentLog, warn: (_: object, message: string) => warnings.push(message) };
  const readFacts = (): NetworkFacts => {
    setImmediate(looked.resolve);
    if (facts === undefined) throw new Error('no netlink here');
    return facts;
  };
  const watch = watchNetwork({ log, readFacts }, { intervalMs: 1 });
  const told: boolean[] = [];
  watch.on('network-changed', ({ isOnline }) => told.push(isOnline));
  const answer = async (next: NetworkFacts | undefined): Promise<void> => {
    facts = next;
    looked = Promise.withResolvers();
    // The timer holds nothing up; the test must wait for it.
    const alive = setInterval(() => {}, 1000);
    await looked.promise;
    clearInterval(alive);
  };
  return { told, watch, answer, warnings };
}
