import { EventEmitter } from 'node:events';
import type { Log } from '@peer-cache/core';
import type { NetworkStatus } from '@peer-cache/protocol';
import type { CostRule } from '../config/network-settings.ts';
import { networkCost } from './network-cost.ts';
import { outgoingInterfaces } from './network-facts.ts';
import type { NetworkFacts } from './network-facts.ts';
import type { NetworkManagerEvents, NetworkManagerWatch } from './network-manager.ts';
import { readNetworkFacts } from './network-watch.ts';
import type { NetworkEvents } from './network-watch.ts';

export interface CostWatchParts {
  readonly log: Log;
  /** Tells when routes have changed. */
  readonly network: EventEmitter<NetworkEvents>;
  readonly manager: EventEmitter<NetworkManagerEvents> &
    Pick<NetworkManagerWatch, 'connection' | 'isPresent'>;
  /** The operating system's word; another in tests. Throws where it can't be had. */
  readonly readFacts?: (() => NetworkFacts) | undefined;
}

export interface CostWatchOptions {
  /** What the configuration says of costs. */
  readonly rules: readonly CostRule[];
}

export interface CostEvents {
  'cost-changed': [NetworkStatus];
}

/** Follows what the network costs; what it uses stays its owner's. */
export class CostWatch extends EventEmitter<CostEvents> implements Disposable {
  readonly #log: Log;
  readonly #network: CostWatchParts['network'];
  readonly #manager: CostWatchParts['manager'];
  readonly #readFacts: () => NetworkFacts;
  #rules: readonly CostRule[];
  #outgoing: readonly string[] = [];
  #current: NetworkStatus;
  #hasWarned = false;

  /** For {@link watchNetworkCost}. */
  constructor(parts: CostWatchParts, { rules }: CostWatchOptions) {
    super();
    const { log, network, manager, readFacts = readNetworkFacts } = parts;
    this.#log = log;
    this.#network = network;
    this.#manager = manager;
    this.#readFacts = readFacts;
    this.#rules = rules;
    this.#lookAtRoutes();
    this.#current = this.#decided();
    this.#log.info({ ...this.#current }, 'network cost');
    this.#warnOfSsids();
    network.on('network-changed', this.#onNetwork);
    manager.on('connection-changed', this.#onConnection);
  }

  /** What it costs now. */
  get current(): NetworkStatus {
    return this.#current;
  }

  /** Goes by these rules from now on. */
  reconfigure({ rules }: CostWatchOptions): void {
    this.#rules = rules;
    this.#decide();
    this.#warnOfSsids();
  }

  [Symbol.dispose](): void {
    this.#network.off('network-changed', this.#onNetwork);
    this.#manager.off('connection-changed', this.#onConnection);
    this.removeAllListeners();
  }

  readonly #onNetwork = (): void => {
    this.#lookAtRoutes();
    this.#decide();
  };

  readonly #onConnection = (): void => this.#decide();

  #lookAtRoutes(): void {
    try {
      this.#outgoing = outgoingInterfaces(this.#readFacts());
    } catch {
      // A sandbox without netlink sockets: the watch of the network has said so in the log.
    }
  }

  #decide(): void {
    const before = this.#current;
    this.#current = this.#decided();
    if (before.cost === this.#current.cost) return;
    this.#log.info({ ...this.#current }, 'network cost changed');
    this.emit('cost-changed', this.#current);
  }

  #decided(): NetworkStatus {
    const { connection } = this.#manager;
    return networkCost({ outgoingInterfaces: this.#outgoing, connection }, this.#rules);
  }

  /** Nobody but NetworkManager tells the name of a Wi-Fi network. */
  #warnOfSsids(): void {
    const keys = this.#rules.filter(({ kind }) => kind === 'ssid').map(({ key }) => key);
    if (keys.length === 0 || this.#manager.isPresent || this.#hasWarned) return;
    this.#hasWarned = true;
    this.#log.warn({ keys }, 'costs of Wi-Fi networks do not count: NetworkManager does not run');
  }
}

/** Watches what the network costs; the result knows it from the start. */
export function watchNetworkCost(parts: CostWatchParts, options: CostWatchOptions): CostWatch {
  return new CostWatch(parts, options);
}
