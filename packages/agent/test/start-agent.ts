import { lstat, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '@peer-cache/core';
import type { AgentStatus } from '@peer-cache/protocol';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import type { Config } from '../src/index.ts';
import { outgoingInterfaces } from '../src/network/network-facts.ts';
import { readNetworkFacts } from '../src/network/network-watch.ts';
import { collect } from './helpers/collect.ts';
import { controlCall } from './helpers/control-call.ts';
import { temporaryFolder } from './helpers/temporary-folder.ts';

// Before the agent is loaded: it keeps its identity where the environment says.
const data = await mkdtemp(join(tmpdir(), 'peer-cache-'));
process.env['XDG_DATA_HOME'] = data;
const { openInnerAgent, readConfig, startAgent } = await import('../src/index.ts');

test.after.always(() => rm(data, { recursive: true, force: true }));

function configIn(folder: string, ...set: readonly string[]): Config {
  const folders = [`store.folder=${folder}/store`, `jobs.folder=${folder}/jobs`];
  const own = [...folders, 'store.limit=64 MiB', 'sharing.port=0'];
  const env = { PEER_CACHE_CONFIG: '/dev/null', PEER_CACHE_SHARING_LOOPBACK: 'true' };
  return readConfig({ env, set: [...own, ...set] });
}

async function start(t: ExecutionContext, folder: string, ...set: readonly string[]) {
  const options = { socketPath: join(folder, 'run', 'control.sock') };
  const running = await startAgent({ log: silentLog }, configIn(folder, ...set), options);
  t.teardown(() => running[Symbol.asyncDispose]());
  return { ...options, ...running };
}

test.serial('an agent tells by its socket where it shares, and keeps its identity', async (t) => {
  const folder = await temporaryFolder(t);
  const { agent, socketPath } = await start(t, folder);
  const status: AgentStatus = JSON.parse((await controlCall(socketPath, '/v1/status')).text);
  t.is(status.pid, process.pid);
  t.regex(status.servedAt.join(), /^127\.0\.0\.1:\d+$/);
  t.true(
    status.sharing.some(({ isSharing, addresses }) => isSharing && addresses.includes('127.0.0.1')),
  );
  t.like(status.store, { folder: `${folder}/store`, limitBytes: 64 * 2 ** 20, usedBytes: 0 });
  t.is((await lstat(join(data, 'peer-cache', 'private', 'identity'))).mode & 0o777, 0o600);
  const other = await start(t, await temporaryFolder(t));
  t.is(other.agent.status().peerId, agent.status().peerId);
});

test.serial(
  'it tells what the network costs and where its power comes from, as told',
  async (t) => {
    const folder = await temporaryFolder(t);
    const { socketPath, ...running } = await start(t, folder);
    const statusNow = async (): Promise<AgentStatus> =>
      JSON.parse((await controlCall(socketPath, '/v1/status')).text);
    const { network, power } = await statusNow();
    t.truthy(network?.reason);
    t.is(power?.isServingAllowed, !power?.isOnBattery);
    const [name] = outgoingInterfaces(readNetworkFacts());
    const rule = `network.cost.${name ?? 'none'}=near-cap`;
    running.reconfigure(configIn(folder, 'serving.on_battery=true', rule));
    const told = await statusNow();
    t.true(told.power?.isServingAllowed);
    if (name === undefined) t.log('no default route here');
    else t.like(told.network, { cost: 'near-cap', source: 'configuration' });
  },
);

test.serial('sharing can be off', async (t) => {
  const { agent } = await start(t, await temporaryFolder(t), 'sharing.enabled=false');
  t.like(agent.status(), { sharing: [], servedAt: [], peers: [] });
});

test.serial('one store has one agent, and one journal, and one socket too', async (t) => {
  const folder = await temporaryFolder(t);
  await start(t, folder);
  await t.throwsAsync(start(t, folder), { code: 'STORE_IN_USE' });
  const elsewhere = await temporaryFolder(t);
  const otherStore = `store.folder=${elsewhere}/store`;
  await t.throwsAsync(start(t, folder, otherStore), { code: 'JOURNAL_IN_USE' });
  const otherJobs = `jobs.folder=${elsewhere}/jobs`;
  await t.throwsAsync(start(t, folder, otherStore, otherJobs), { code: 'AGENT_RUNNING' });
});

test.serial('what a failed start had opened is closed again', async (t) => {
  const folder = await temporaryFolder(t);
  const socketPath = join(folder, 'run', 'control.sock');
  await start(t, folder);
  const second = await temporaryFolder(t);
  const failed = startAgent({ log: silentLog }, configIn(second), { socketPath });
  await t.throwsAsync(failed, { code: 'AGENT_RUNNING' });
  await using agent = await openInnerAgent({ log: silentLog }, configIn(second));
  t.is(agent.status().store.folder, join(second, 'store'));
});

test.serial(
  'without the store, an inner agent keeps blocks in memory, is someone else, and says so',
  async (t) => {
    const folder = await temporaryFolder(t);
    const { agent: first } = await start(t, folder);
    await using agent = await openInnerAgent({ log: silentLog }, configIn(folder));
    t.is(agent.status().store.folder, undefined);
    t.not(agent.status().peerId, first.status().peerId);
    const { signal } = new AbortController();
    const request = { url: 'http://127.0.0.1:1/a', path: join(folder, 'a'), overwrite: false };
    const [warning, ...events] = await collect(agent.get(request, { signal }));
    t.like(warning, { event: 'warned', code: 'STORE_IN_USE' });
    t.like(events.at(-1), { event: 'failed', code: 'ORIGIN_UNREACHABLE', transient: true });
  },
);
