import { setTimeout as sleep } from 'node:timers/promises';
import { SECOND_MS } from '@peer-cache/core';
import type { AgentHome, AgentProcess } from '../agent-process.ts';
import type { FlakyPeer } from '../flaky-peer.ts';
import type { SentLog } from '../sent-log.ts';
import { stepAll } from './job-keeper.ts';
import type { JobKeeper } from './job-keeper.ts';
import type { PlannedKill } from './torture-plan.ts';

const STEP_EVERY_MS = 100;
const MOST_ROUND_MS = 150 * SECOND_MS;

/** The agents of a round, one after the other: each is killed, but the last. */
export class AgentLives {
  kills = 0;
  readonly #home: AgentHome;
  readonly #settings: readonly string[];
  readonly #sent: SentLog;
  readonly #deadlineMs = performance.now() + MOST_ROUND_MS;
  #onCompleting: (() => void) | undefined;
  #killing: NodeJS.Timeout | undefined;
  #isKilled = false;

  constructor(home: AgentHome, peers: readonly FlakyPeer[], sent: SentLog) {
    this.#home = home;
    this.#sent = sent;
    this.#settings = [
      `peers=${peers.map(({ port }) => `127.0.0.1:${port}`).join()}`,
      // Beyond the two peers nobody hears of it.
      'sharing.interfaces=none',
      'sharing.port=0',
      'store.limit=512 MiB',
      'jobs.minimum_retry_delay=5 s',
    ];
  }

  /** Somebody asks the agent to complete a job. */
  completing(): void {
    this.#onCompleting?.();
  }

  async live(keepers: readonly JobKeeper[], kills: readonly PlannedKill[]): Promise<void> {
    for (const kill of kills) {
      await using agent = this.#home.spawn({ set: this.#settings });
      this.#planKill(agent, kill);
      await this.#until(agent, keepers);
      clearTimeout(this.#killing);
      if (!this.#isKilled) return await this.#end(agent);
      this.kills++;
    }
    this.#isKilled = false;
    this.#onCompleting = undefined;
    await using agent = this.#home.spawn({ set: this.#settings });
    await this.#until(agent, keepers);
    await this.#end(agent);
  }

  #planKill(agent: AgentProcess, { after, delayMs }: PlannedKill): void {
    this.#isKilled = false;
    const kill = (): void => {
      this.#killing ??= setTimeout(() => {
        this.#isKilled = true;
        this.#sent.killed();
        agent.kill('SIGKILL');
      }, delayMs);
    };
    this.#killing = undefined;
    this.#onCompleting = after === 'complete' ? kill : undefined;
    if (after === 'start') kill();
  }

  /** Until all jobs are done, or the agent was killed and is gone. */
  async #until(agent: AgentProcess, keepers: readonly JobKeeper[]): Promise<void> {
    while (agent.isRunning) {
      const isAlive = await this.#step(agent, keepers);
      if (keepers.every(({ isDone }) => isDone)) return;
      if (performance.now() > this.#deadlineMs) {
        const open = keepers.filter(({ isDone }) => !isDone).map(({ plan }) => plan.name);
        throw new Error(`not done in time: ${open.join(', ')}\n${agent.tail()}`);
      }
      await sleep(isAlive ? STEP_EVERY_MS : STEP_EVERY_MS / 2);
    }
    if (!this.#isKilled) throw new Error(`the agent ended:\n${agent.tail()}`);
  }

  async #step(agent: AgentProcess, keepers: readonly JobKeeper[]): Promise<boolean> {
    try {
      return await stepAll(this.#home.client, keepers);
    } catch (error) {
      throw new Error(`${String(error)}\nthe agent said last:\n${agent.tail()}`, { cause: error });
    }
  }

  /** All is done: nothing is left in the queue, and the agent ends as it should. */
  async #end(agent: AgentProcess): Promise<void> {
    await agent.ready;
    const jobs = await this.#home.client.list();
    if (jobs.length > 0) throw new Error(`still there: ${JSON.stringify(jobs)}`);
    agent.kill('SIGTERM');
    const code = await agent.exited;
    if (code !== 0) throw new Error(`ended with ${code}:\n${agent.tail()}`);
  }
}
