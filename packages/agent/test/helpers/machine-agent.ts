import { join } from 'node:path';
import { MIB, silentLog } from '@peer-cache/core';
import type { Log } from '@peer-cache/core';
import type { FoundPeer } from '@peer-cache/discovery';
import { PeerIdentity } from '@peer-cache/protocol';
import { createMemoryBlockStore } from '@peer-cache/store';
import type { BlockStore } from '@peer-cache/store';
import type { ExecutionContext } from 'ava';
import { MachineLink } from '../../src/machine/machine-link.ts';
import { serveMachine } from '../../src/machine/serve-machine.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** What a machine's agent offers to its users, with a store in memory. */
export interface MachineAgent {
  readonly socketPath: string;
  readonly store: BlockStore;
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Runs; gone after the test. It finds these peers, whatever is looked up. */
export async function machineAgent(
  t: ExecutionContext,
  { lan = [], store = createMemoryBlockStore({}, { limitBytes: 256 * MIB }) }: MachineOptions = {},
): Promise<MachineAgent> {
  const socketPath = join(await temporaryFolder(t), 'open', 'machine.sock');
  const identity = PeerIdentity.create();
  const finder = {
    async *find() {
      yield* lan;
    },
  };
  let running = new AsyncDisposableStack();
  t.teardown(() => running.disposeAsync());
  const start = async (): Promise<void> => {
    running.use(await serveMachine({ store, identity, finder, log: silentLog }, { socketPath }));
  };
  const stop = async (): Promise<void> => {
    await running.disposeAsync();
    running = new AsyncDisposableStack();
  };
  await start();
  return { socketPath, store, start, stop };
}

interface MachineOptions {
  readonly lan?: readonly FoundPeer[];
  readonly store?: BlockStore;
}

/** A user's agent's way there, gone after the test. */
export function linkTo(
  t: ExecutionContext,
  { socketPath }: Pick<MachineAgent, 'socketPath'>,
  { log = silentLog, now = () => 0 }: { readonly log?: Log; readonly now?: () => number } = {},
): MachineLink {
  const link = new MachineLink({ log, now }, { socketPath });
  t.teardown(() => link[Symbol.dispose]());
  return link;
}
