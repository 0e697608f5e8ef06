import { join } from 'node:path';
import { HOUR_MS } from '@peer-cache/core';
import type { Log } from '@peer-cache/core';
import type { JobQueue } from '@peer-cache/jobs';
import { SYSTEM_CLOCK } from '@peer-cache/jobs';
import { PeerIdentity } from '@peer-cache/protocol';
import type { BlockStore } from '@peer-cache/store';
import { Agent } from './agent.ts';
import type { AgentFacts } from './agent.ts';
import type { Config } from './config/config.ts';
import { FOLDERS } from './config/folders.ts';
import type { Reconfigurable } from './config/reload.ts';
import { startControlServer } from './control-server.ts';
import { openExchange } from './exchange.ts';
import type { Exchange } from './exchange.ts';
import { LogRing } from './log/log-ring.ts';
import { joinMachine } from './machine/join-machine.ts';
import type { JoinedMachine } from './machine/join-machine.ts';
import { joinedPart, servingPart } from './machine/machine-part.ts';
import type { MachinePart } from './machine/machine-part.ts';
import { serveMachine } from './machine/serve-machine.ts';
import { openNetwork } from './network/open-network.ts';
import { CardWatch } from './office/card-watch.ts';
import { openJobs } from './open-jobs.ts';
import type { AgentEnvironment } from './open-jobs.ts';
import { openOwnStore, openSomeStore } from './open-store.ts';
import type { OpenedStore } from './open-store.ts';
import { privateRandomBytes } from './private-files.ts';
import { openServing } from './serving/open-serving.ts';
import type { OpenedServing } from './serving/open-serving.ts';
import { StoreControl } from './store-control.ts';

const SEED_BYTES = 32;

const NO_ENVIRONMENT: AgentEnvironment = {
  proxies: {},
  credentialsDirectory: undefined,
  systemBusAddress: undefined,
};

/** An agent that no command can reach: it fetches. */
export type InnerAgent = Pick<Agent, 'status' | 'get' | 'stream'> & AsyncDisposable;

export interface AgentParts {
  readonly log: Log;
  /** Its latest records, for whoever asks. */
  readonly records?: LogRing;
  readonly environment?: AgentEnvironment;
}

export interface RunningAgent extends AsyncDisposable, Reconfigurable {
  readonly agent: Agent;
  readonly jobs: JobQueue;
}

/**
 * Starts the agent of this user: its store, its identity, the exchange with peers, its jobs, and
 * the control socket that commands use.
 *
 * @throws {AgentRunningError} when there is one already
 * @throws {StoreInUseError | JournalInUseError} when another process has the store or the journal
 */
export async function startAgent(
  { log, records = new LogRing(), environment = NO_ENVIRONMENT }: AgentParts,
  config: Config,
  { socketPath }: { readonly socketPath: string },
): Promise<RunningAgent> {
  await using stack = new AsyncDisposableStack();
  const opened = await openParts(log, config, () => openOwnStore(log, config.store));
  stack.use(opened);
  const { downloader } = opened.exchange;
  const busAddress = environment.systemBusAddress;
  const network = stack.use(await openNetwork({ log, busAddress }, config));
  const { cost } = network;
  const jobParts = {
    log,
    downloader,
    environment,
    network: network.watch,
    cost,
    notices: opened.exchange.notices,
    peerId: opened.identity.peerId,
  };
  const jobs = stack.use(await openJobs(jobParts, config));
  const machine = stack.use(await machinePart(log, config, opened));
  const parts = {
    log,
    ...opened,
    queue: jobs.queue,
    machine: machine.part,
    cost,
    pacer: jobs.pacer,
  };
  const agent = stack.use(new Agent(parts, opened.facts));
  stack.use(
    new CardWatch({
      pacer: jobs.pacer,
      exchange: opened.exchange,
      clock: SYSTEM_CLOCK,
      ownBytes: () => {
        const { peers, origin } = agent.received();
        return peers + origin;
      },
    }),
  );
  const controlled = {
    status: () => agent.status(),
    get: (...call: Parameters<Agent['get']>) => agent.get(...call),
    stream: (...call: Parameters<Agent['stream']>) => agent.stream(...call),
    jobs: jobs.queue,
    cache: new StoreControl(opened.store),
  };
  stack.use(await startControlServer({ agent: controlled, log, records }, { socketPath }));
  stack.use(evictHourly(opened.store, log));
  const { peerId, servedAt } = agent.status();
  log.info({ peerId, servedAt, socketPath }, 'agent started');
  const running = stack.move();
  return {
    agent,
    jobs: jobs.queue,
    reconfigure(next) {
      for (const part of [jobs, network, opened.serving, opened.exchange]) part.reconfigure(next);
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/**
 * An agent within this process that no command can reach, for one that has no other to ask. Where
 * the store can't be had it keeps blocks in memory, and says so with everything it fetches.
 */
export async function openInnerAgent({ log }: AgentParts, config: Config): Promise<InnerAgent> {
  await using stack = new AsyncDisposableStack();
  const opened = stack.use(await openParts(log, config, () => openSomeStore(log, config.store)));
  const machine = opened.joined && joinedPart(opened.joined);
  const agent = stack.use(new Agent({ log, ...opened, machine }, opened.facts));
  const running = stack.move();
  return {
    status: () => agent.status(),
    get: (...call) => agent.get(...call),
    stream: (...call) => agent.stream(...call),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

interface OpenedParts extends AsyncDisposable {
  readonly store: BlockStore;
  readonly exchange: Exchange;
  readonly serving: OpenedServing;
  readonly facts: AgentFacts;
  readonly identity: PeerIdentity;
  readonly joined: JoinedMachine | undefined;
}

async function openParts(
  log: Log,
  config: Config,
  openStore: () => Promise<OpenedStore>,
): Promise<OpenedParts> {
  await using stack = new AsyncDisposableStack();
  // Who shares with nobody has nothing to give to the machine's agent, which does.
  const joined = config.sharing.isEnabled ? await joinMachine({ log }, config.machine) : undefined;
  const ofMachine = joined && { store: joined.store, folder: undefined, warnings: [] };
  const { store, folder: storeFolder, warnings } = ofMachine ?? (await openStore());
  stack.use(joined ?? store);
  // Whoever holds the store is the one process of this user that goes by the lasting identity.
  const identity = storeFolder === undefined ? PeerIdentity.create() : await lastingIdentity();
  const exchange = stack.use(
    await openExchange({ log, store, identity, machine: joined?.finder }, config),
  );
  const serving = stack.use(await openServing({ log, exchange }, config));
  const facts = { peerId: identity.peerId, storeFolder, warnings };
  const opened = stack.move();
  return {
    store,
    exchange,
    serving,
    facts,
    identity,
    joined,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** What this agent is among those of its machine, if anything but alone. */
async function machinePart(
  log: Log,
  { machine: { serve, socketPath } }: Config,
  { store, identity, exchange: { finder, board }, joined }: OpenedParts,
): Promise<AsyncDisposable & { readonly part: MachinePart | undefined }> {
  await using stack = new AsyncDisposableStack();
  const server = serve
    ? stack.use(await serveMachine({ log, store, board, identity, finder }, { socketPath }))
    : undefined;
  const served = server && servingPart(server, socketPath);
  const running = stack.move();
  return {
    part: served ?? (joined && joinedPart(joined)),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function lastingIdentity(): Promise<PeerIdentity> {
  return new PeerIdentity(await privateRandomBytes(join(FOLDERS.secrets, 'identity'), SEED_BYTES));
}

/** What nobody used for the store's age limit goes; done at each opening of the store, too. */
function evictHourly(store: BlockStore, log: Log): Disposable {
  const timer = setInterval(() => {
    store.evictAged().catch((error: unknown) => log.warn({ err: error }, 'eviction failed'));
  }, HOUR_MS).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
