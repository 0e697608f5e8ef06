import { EventEmitter } from 'node:events';
import { networkInterfaces } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { SECOND_MS } from '@peer-cache/core';
import type { Log } from '@peer-cache/core';
import { readHostFacts } from './host-facts.ts';
import { sharingInterfaces } from './sharing-interfaces.ts';
import type {
  HostFacts,
  OsInterfaces,
  SharingInterface,
  SharingOptions,
} from './sharing-interfaces.ts';

/** Node can't be told of changes (it has no netlink), so it looks; a look costs 0.1 ms. */
const LOOK_EVERY_MS = 2 * SECOND_MS;
/** Facts take some files per interface; they hardly change while names and addresses don't. */
const LOOKS_PER_READING_OF_FACTS = 15;

export interface SharingWatcherParts {
  readonly log: Log;
  /** The operating system's word; another in tests. */
  readonly host?: HostNetwork | undefined;
}

export interface HostNetwork {
  interfaces(): OsInterfaces;
  facts(): Promise<HostFacts>;
}

export interface SharingWatcherOptions extends SharingOptions {
  /** Time between two looks; 2 seconds. */
  readonly lookEveryMs?: number | undefined;
}

export interface SharingEvents {
  'interfaces-changed': [{ readonly interfaces: readonly SharingInterface[] }];
}

const OPERATING_SYSTEM: HostNetwork = { interfaces: networkInterfaces, facts: readHostFacts };

/** Follows the interfaces of this host and where we share among them. */
export class SharingWatcher extends EventEmitter<SharingEvents> implements AsyncDisposable {
  readonly #log: Log;
  readonly #host: HostNetwork;
  readonly #options: SharingWatcherOptions;
  readonly #stop = new AbortController();
  readonly #loop: Promise<void>;
  #current: readonly SharingInterface[] = [];
  #facts: HostFacts;
  #seen = '';
  #looks = 0;

  constructor(
    { log, host = OPERATING_SYSTEM }: SharingWatcherParts,
    options: SharingWatcherOptions,
    facts: HostFacts,
  ) {
    super();
    this.#log = log;
    this.#host = host;
    this.#options = options;
    this.#facts = facts;
    this.#decide(this.#osInterfaces() ?? {});
    this.#loop = this.#run();
  }

  /** All interfaces of the host, those we don't share on too, with reasons. */
  get current(): readonly SharingInterface[] {
    return this.#current;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#loop;
    this.removeAllListeners();
  }

  async #look(): Promise<void> {
    const osInterfaces = this.#osInterfaces();
    if (osInterfaces === undefined) return;
    const isDue = ++this.#looks % LOOKS_PER_READING_OF_FACTS === 0;
    if (isDue || JSON.stringify(osInterfaces) !== this.#seen)
      this.#facts = await this.#host.facts();
    this.#decide(osInterfaces);
  }

  /** Undefined where the system refuses to tell, as in a sandbox without netlink sockets. */
  #osInterfaces(): OsInterfaces | undefined {
    try {
      return this.#host.interfaces();
    } catch (error) {
      this.#log.warn({ err: error }, 'could not look at the interfaces');
      return undefined;
    }
  }

  #decide(osInterfaces: OsInterfaces): void {
    this.#seen = JSON.stringify(osInterfaces);
    const interfaces = sharingInterfaces(osInterfaces, this.#facts, this.#options);
    if (JSON.stringify(interfaces) === JSON.stringify(this.#current)) return;
    this.#current = interfaces;
    const sharing = interfaces.filter(({ isSharing }) => isSharing);
    this.#log.info({ names: sharing.map(({ name }) => name) }, 'sharing interfaces changed');
    this.emit('interfaces-changed', { interfaces });
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const { lookEveryMs = LOOK_EVERY_MS } = this.#options;
    try {
      for (;;) {
        await wait(lookEveryMs, undefined, { signal, ref: false });
        await this.#look();
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}

/**
 * Watches where to share; the result knows it from the start.
 *
 * @throws {InvalidSharingNetworkError} when a configured network is none
 */
export async function watchSharingInterfaces(
  parts: SharingWatcherParts,
  options: SharingWatcherOptions = {},
): Promise<SharingWatcher> {
  const { host = OPERATING_SYSTEM } = parts;
  return new SharingWatcher(parts, options, await host.facts());
}
