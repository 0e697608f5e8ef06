import process from 'node:process';
import type {
  AgentStatus,
  GetEvent,
  GetRequest,
  GetWarned,
  StreamRequest,
} from '@peer-cache/protocol';
import type { BlockStore } from '@peer-cache/store';
import type { Log } from '@peer-cache/core';
import type { ControlledAgent } from './control-routes.ts';
import type { Exchange } from './exchange.ts';
import { Transfers } from './transfers.ts';
import { VERSION } from './version.ts';

export interface AgentFacts {
  readonly peerId: string;
  /** Absent for a store in memory. */
  readonly storeFolder?: string | undefined;
  /** What whoever fetches something should be told first. */
  readonly warnings: readonly GetWarned[];
}

/** A store, an exchange and what is fetched with them, as commands see it. Owns the parts. */
export class Agent implements ControlledAgent, AsyncDisposable {
  readonly #store: BlockStore;
  readonly #exchange: Exchange;
  readonly #transfers: Transfers;
  readonly #facts: AgentFacts;
  readonly #owned: AsyncDisposableStack;
  readonly #startedMs = performance.now();

  constructor(
    parts: { readonly log: Log; readonly store: BlockStore; readonly exchange: Exchange },
    facts: AgentFacts,
    owned: AsyncDisposableStack,
  ) {
    const { log, store, exchange } = parts;
    this.#store = store;
    this.#exchange = exchange;
    this.#transfers = new Transfers({ downloader: exchange.downloader, log });
    this.#facts = facts;
    this.#owned = owned;
  }

  status(): AgentStatus {
    const { peerId, storeFolder } = this.#facts;
    return {
      version: VERSION,
      pid: process.pid,
      peerId,
      uptimeSeconds: Math.floor((performance.now() - this.#startedMs) / 1000),
      sharing: this.#exchange.interfaces(),
      servedAt: this.#exchange.servedAt(),
      peers: this.#exchange.peers(),
      store: { folder: storeFolder, ...this.#store.usage(), ...this.#store.limits },
      received: this.#transfers.received(),
      servedBytes: this.#exchange.servedBytes(),
      transfers: this.#transfers.list(),
    };
  }

  /** Fetches a content to a file and tells how it goes; whoever stops listening cancels it. */
  async *get(
    request: GetRequest,
    options: { readonly signal: AbortSignal },
  ): AsyncGenerator<GetEvent> {
    yield* this.#facts.warnings;
    yield* this.#transfers.get(request, options);
  }

  /** Fetches a content and hands its bytes over in order, between the events. */
  async *stream(
    request: StreamRequest,
    options: { readonly signal: AbortSignal },
  ): AsyncGenerator<GetEvent | Uint8Array> {
    yield* this.#facts.warnings;
    yield* this.#transfers.stream(request, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}
