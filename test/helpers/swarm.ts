import { join } from 'node:path';
import { silentLog } from '@peer-cache/core';
import type { Log } from '@peer-cache/core';
import type { Finder, PeerAddress } from '@peer-cache/discovery';
import { Downloader } from '@peer-cache/download';
import { Board } from '@peer-cache/ownership';
import { PeerIdentity } from '@peer-cache/protocol';
import { startServer } from '@peer-cache/server';
import type { PeerServer } from '@peer-cache/server';
import { createMemoryBlockStore } from '@peer-cache/store';
import { temporaryFolder } from './parts.ts';

const STORE_BYTES = 2 ** 30;

/** An agent without configuration or commands: a server, a store and a downloader. */
export interface SwarmAgent extends AsyncDisposable {
  readonly downloader: Downloader;
  readonly server: PeerServer;
  readonly address: PeerAddress;
  readonly peerId: string;
  /** A path for a file of its own. */
  path(name: string): string;
}

export interface SwarmOptions {
  /** Whom an agent knows before it asks anybody; all, if not given. */
  readonly knows?: (asker: number, other: number) => boolean;
  /** Peers that all know beside each other. */
  readonly others?: readonly PeerAddress[];
  readonly log?: Log;
}

/** Agents on loopback in this process, as many as asked for, that know each other. */
export class Swarm implements AsyncDisposable {
  readonly agents: SwarmAgent[] = [];
  readonly #options: SwarmOptions;
  readonly #parts = new AsyncDisposableStack();

  constructor(options: SwarmOptions = {}) {
    this.#options = options;
  }

  static async of(count: number, options?: SwarmOptions): Promise<Swarm> {
    const swarm = new Swarm(options);
    for (let made = 0; made < count; made++) await swarm.add();
    return swarm;
  }

  agent(index: number): SwarmAgent {
    const agent = this.agents[index];
    if (agent === undefined) throw new RangeError(`no agent ${index} of ${this.agents.length}`);
    return agent;
  }

  async add(): Promise<SwarmAgent> {
    const { knows = () => true, others = [], log = silentLog } = this.#options;
    const index = this.agents.length;
    await using parts = new AsyncDisposableStack();
    const folder = parts.use(await temporaryFolder());
    const store = parts.use(createMemoryBlockStore({}, { limitBytes: STORE_BYTES }));
    const board = new Board();
    const identity = PeerIdentity.create();
    const addresses = [{ host: '127.0.0.1', port: 0 }];
    // They all call from one address here.
    const limits = { connectionsPerHost: 256 };
    const server = parts.use(
      await startServer({ store, board, identity, log: silentLog }, { addresses, limits }),
    );
    const [address = { host: '', port: 0 }] = server.addresses;
    const finder: Finder = {
      name: 'swarm',
      async *find() {},
      neighbours: () => [
        ...others,
        ...this.agents.flatMap(({ address: other }, at) =>
          at !== index && knows(index, at) ? other : [],
        ),
      ],
      async [Symbol.asyncDispose]() {},
    };
    const { peerId } = identity;
    const downloader = parts.use(
      new Downloader(
        { store, board, finder, log },
        { servePort: () => address.port, peerId, mayCall: () => true },
      ),
    );
    const moved = parts.move();
    const agent = {
      downloader,
      server,
      address,
      peerId,
      path: (name: string) => join(folder.path, name),
      [Symbol.asyncDispose]: () => moved.disposeAsync(),
    };
    this.#parts.use(agent);
    this.agents.push(agent);
    return agent;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.disposeAsync();
  }
}
