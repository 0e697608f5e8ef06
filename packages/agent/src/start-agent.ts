import { join } from 'node:path';
import type { Log } from '@peer-cache/core';
import { PeerIdentity } from '@peer-cache/protocol';
import { Agent } from './agent.ts';
import type { Config } from './config.ts';
import { startControlServer } from './control-server.ts';
import { openExchange } from './exchange.ts';
import { FOLDERS } from './folders.ts';
import { openOwnStore, openSomeStore } from './open-store.ts';
import type { OpenedStore } from './open-store.ts';
import { privateRandomBytes } from './private-files.ts';

const SEED_BYTES = 32;

export interface AgentParts {
  readonly log: Log;
}

export interface RunningAgent extends AsyncDisposable {
  readonly agent: Agent;
}

/**
 * Starts the agent of this user: its store, its identity, the exchange with peers, and the control
 * socket that commands use.
 *
 * @throws {AgentRunningError} when there is one already
 * @throws {StoreInUseError} when another process has the store open
 */
export async function startAgent(
  { log }: AgentParts,
  config: Config,
  { socketPath }: { readonly socketPath: string },
): Promise<RunningAgent> {
  await using stack = new AsyncDisposableStack();
  const agent = stack.use(await openAgent(log, config, () => openOwnStore(log, config.store)));
  stack.use(await startControlServer({ agent, log }, { socketPath }));
  const { peerId, servedAt } = agent.status();
  log.info({ peerId, servedAt, socketPath }, 'agent started');
  const running = stack.move();
  return { agent, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/**
 * An agent within this process that no command can reach, for one that has no other to ask. Where
 * the store can't be had it keeps blocks in memory, and says so with everything it fetches.
 */
export async function openInnerAgent({ log }: AgentParts, config: Config): Promise<Agent> {
  return await openAgent(log, config, () => openSomeStore(log, config.store));
}

async function openAgent(
  log: Log,
  config: Config,
  openStore: () => Promise<OpenedStore>,
): Promise<Agent> {
  await using stack = new AsyncDisposableStack();
  const { store, folder: storeFolder, warnings } = await openStore();
  stack.use(store);
  // Whoever holds the store is the one process of this user that goes by the lasting identity.
  const identity = storeFolder === undefined ? PeerIdentity.create() : await lastingIdentity();
  const exchange = stack.use(await openExchange({ log, store, identity }, config));
  const facts = { peerId: identity.peerId, storeFolder, warnings };
  return new Agent({ log, store, exchange }, facts, stack.move());
}

async function lastingIdentity(): Promise<PeerIdentity> {
  return new PeerIdentity(await privateRandomBytes(join(FOLDERS.secrets, 'identity'), SEED_BYTES));
}
