import { MIB } from '@peer-cache/core';
import type { Log } from '@peer-cache/core';
import type { Finder } from '@peer-cache/discovery';
import { createMemoryBlockStore } from '@peer-cache/store';
import type { BlockStore } from '@peer-cache/store';
import type { MachineConfig } from '../config/machine-settings.ts';
import { ForwardingStore } from './forwarding-store.ts';
import { MachineLink } from './machine-link.ts';
import { distrustOf, pathFacts } from './socket-trust.ts';

/** What a user's agent keeps at hand of what the machine's store has. */
const OWN_STORE_BYTES: number = 64 * MIB;

/** What an agent that joined the machine's has in place of its own store, port and discovery. */
export interface JoinedMachine extends AsyncDisposable {
  readonly socketPath: string;
  /** Whether it answered the last time that it was asked. */
  readonly isReachable: boolean;
  readonly store: BlockStore;
  /** The result owns it. */
  readonly finder: Finder;
}

/**
 * Joins the machine's agent if it is to be joined, is there, answers, and can't be a stranger's;
 * else undefined: then this agent is one by itself until it starts anew.
 */
export async function joinMachine(
  { log }: { readonly log: Log },
  { serve, join, socketPath }: MachineConfig,
): Promise<JoinedMachine | undefined> {
  if (serve || join === 'never') return undefined;
  const facts = await pathFacts(socketPath);
  if (facts === undefined) return undefined;
  const reason = distrustOf(facts);
  if (reason !== undefined) {
    log.warn({ socketPath, reason }, "the machine's agent is not joined");
    return undefined;
  }
  // The path without links: those that led there may lead elsewhere by now.
  const link = new MachineLink({ log }, { socketPath: facts.at(-1)?.path ?? socketPath });
  if (await link.answers()) return joined(link);
  link[Symbol.dispose]();
  return undefined;
}

function joined(link: MachineLink): JoinedMachine {
  const own = createMemoryBlockStore({}, { limitBytes: OWN_STORE_BYTES });
  const store = new ForwardingStore({ own, link });
  const finder: Finder = {
    name: 'machine',
    find: (lookups, options) => link.find(lookups, options),
    // It knows the LAN, and is asked for it by each search.
    neighbours: () => [],
    async [Symbol.asyncDispose]() {},
  };
  return {
    socketPath: link.socketPath,
    get isReachable() {
      return link.isReachable;
    },
    store,
    finder,
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      link[Symbol.dispose]();
    },
  };
}
