import process from 'node:process';
import type { Pacer } from '@peer-cache/bandwidth';
import type { Log } from '@peer-cache/core';
import type { JobQueue } from '@peer-cache/jobs';
import type {
  AgentStatus,
  BytesBySource,
  GetEvent,
  GetRequest,
  GetWarned,
  StreamRequest,
} from '@peer-cache/protocol';
import type { BlockStore } from '@peer-cache/store';
import type { FetchingAgent } from './control/transfer-routes.ts';
import type { Exchange } from './exchange.ts';
import type { MachinePart } from './machine/machine-part.ts';
import type { CostWatch } from './network/cost-watch.ts';
import type { OpenedServing } from './serving/open-serving.ts';
import { Transfers } from './transfers.ts';
import { VERSION } from './version.ts';

export interface AgentFacts {
  readonly peerId: string;
  /** Absent for a store in memory. */
  readonly storeFolder?: string | undefined;
  /** What whoever fetches something should be told first. */
  readonly warnings: readonly GetWarned[];
}

export interface AgentParts {
  readonly log: Log;
  readonly store: BlockStore;
  readonly exchange: Exchange;
  /** Whose jobs make way for what a person waits for; there is none in an inner agent. */
  readonly queue?: JobQueue;
  readonly machine?: MachinePart | undefined;
  readonly serving: Pick<OpenedServing, 'power'>;
  /** There is none in an inner agent. */
  readonly cost?: Pick<CostWatch, 'current'>;
  /** There is none in an inner agent. */
  readonly pacer?: Pick<Pacer, 'status'>;
}

const NOTHING: BytesBySource = { store: 0, peers: 0, origin: 0 };

/** A store, an exchange and what is fetched with them, as commands see it. */
export class Agent implements FetchingAgent, AsyncDisposable {
  readonly #store: BlockStore;
  readonly #exchange: Exchange;
  readonly #transfers: Transfers;
  readonly #facts: AgentFacts;
  readonly #queue: JobQueue | undefined;
  readonly #machine: MachinePart | undefined;
  readonly #serving: AgentParts['serving'];
  readonly #cost: AgentParts['cost'];
  readonly #pacer: AgentParts['pacer'];
  readonly #startedMs = performance.now();

  constructor(parts: AgentParts, facts: AgentFacts) {
    const { log, store, exchange, queue, machine, serving, cost, pacer } = parts;
    this.#store = store;
    this.#exchange = exchange;
    const { downloader } = exchange;
    this.#transfers = new Transfers({ downloader, log, scheduler: queue?.scheduler });
    this.#facts = facts;
    this.#queue = queue;
    this.#machine = machine;
    this.#serving = serving;
    this.#cost = cost;
    this.#pacer = pacer;
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
      received: this.received(),
      servedBytes: this.#exchange.servedBytes() + (this.#machine?.servedBytes() ?? 0),
      transfers: this.#transfers.list(),
      jobs: this.#queue?.overview(),
      machine: this.#machine?.status(),
      network: this.#cost?.current,
      background: this.#pacer?.status(),
      power: this.#serving.power(),
    };
  }

  /** Content bytes so far, by where they came from. */
  received(): BytesBySource {
    return sumOf(this.#transfers.received(), this.#queue?.received());
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
    await this.#transfers[Symbol.asyncDispose]();
  }
}

function sumOf(one: BytesBySource, other: BytesBySource = NOTHING): BytesBySource {
  const store = one.store + other.store;
  return { store, peers: one.peers + other.peers, origin: one.origin + other.origin };
}
