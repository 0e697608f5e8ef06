import { setTimeout as sleep } from 'node:timers/promises';
import type { AgentHost, Urgency } from './agent-host.ts';
import type { Measures } from './measures.ts';
import type { BranchOffice } from './office.ts';
import type { ServedContent, ServedFile } from './served-content.ts';
import type { Transfer } from './transfer.ts';

export interface StageParts {
  readonly office: BranchOffice;
  readonly content: ServedContent;
  /** Those whose agents run. */
  readonly agents: readonly AgentHost[];
  /** Those whose agents are to be started. */
  readonly latecomers: readonly AgentHost[];
  /** What one copy takes through the WAN. */
  readonly idealSeconds: number;
}

/** Where a scenario plays: it has hosts fetch the file and lets things happen to them. */
export class Stage {
  readonly office: BranchOffice;
  readonly content: ServedContent;
  readonly agents: readonly AgentHost[];
  readonly latecomers: readonly AgentHost[];
  readonly idealSeconds: number;
  readonly transfers: Map<AgentHost, Transfer> = new Map();
  /** They have to end right, and however long that takes is not held against the others. */
  readonly setApart: Set<AgentHost> = new Set();
  /** What became of them does not count. */
  readonly killed: Set<AgentHost> = new Set();
  readonly #urgency: Urgency;
  readonly #signal: AbortSignal;
  #measures: Measures = {};

  constructor(
    parts: StageParts,
    { urgency, signal }: { readonly urgency: Urgency; readonly signal: AbortSignal },
  ) {
    this.office = parts.office;
    this.content = parts.content;
    this.agents = parts.agents;
    this.latecomers = parts.latecomers;
    this.idealSeconds = parts.idealSeconds;
    this.#urgency = urgency;
    this.#signal = signal;
  }

  get measures(): Measures {
    return this.#measures;
  }

  /** Adds what only this scenario measures. */
  add(measures: Measures): void {
    this.#measures = { ...this.#measures, ...measures };
  }

  /** The agent of a host, from 0 on. */
  agent(index: number): AgentHost {
    const agent = this.agents[index];
    if (agent === undefined) throw new RangeError(`no host ${index} of ${this.agents.length}`);
    return agent;
  }

  /** Has a host fetch the content from now on. */
  fetch(agent: AgentHost): Transfer {
    const { file } = this.content;
    const transfer = this.#ask(agent, file);
    this.transfers.set(agent, transfer);
    return transfer;
  }

  /** The same with a content of one block, which is none of the run's transfers. */
  fetchSmall(agent: AgentHost): Transfer {
    return this.#ask(agent, this.content.smallFile);
  }

  /** Has all of them fetch it, at the same moment. */
  fetchAll(agents: readonly AgentHost[] = this.agents): Transfer[] {
    return agents.map((agent) => this.fetch(agent));
  }

  async kill(agent: AgentHost): Promise<void> {
    this.killed.add(agent);
    await agent.killAgent();
  }

  /** For what lasts a certain time; over at once when the run is given up. */
  async pass(seconds: number): Promise<void> {
    await sleep(seconds * 1000, undefined, { signal: this.#signal }).catch(() => undefined);
  }

  #ask(agent: AgentHost, { name, sizeBytes }: ServedFile): Transfer {
    return agent.fetch({
      url: `${this.office.wan.originUrl}/${name}`,
      sizeBytes,
      urgency: this.#urgency,
      signal: this.#signal,
    });
  }
}

/** Resolves when the first of them has so much. */
export async function anyReached(transfers: readonly Transfer[], share: number): Promise<void> {
  await Promise.race(transfers.map((transfer) => transfer.reached(share)));
}

/** Resolves when all of them have ended. */
export async function allEnded(transfers: Iterable<Transfer>): Promise<void> {
  await Promise.all(Array.from(transfers, (transfer) => transfer.ended));
}
