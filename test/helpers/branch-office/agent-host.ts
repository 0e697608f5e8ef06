import { join } from 'node:path';
import type { GetEvent, JobEvent } from '@peer-cache/protocol';
import type { LanHost } from '../../../packages/discovery/test/helpers/namespaces.ts';
import { AgentHome } from '../agent-process.ts';
import type { AgentProcess } from '../agent-process.ts';
import { openLines } from './event-lines.ts';
import { hostCpuSeconds } from './traffic.ts';
import { Transfer } from './transfer.ts';

/** Whether a person waits for the file, or it is a job in the background. */
export type Urgency = 'foreground' | 'background';

export interface AgentSetup {
  /** The built command. */
  readonly bin: string;
  /** `key=value`, as after `--set`. */
  readonly set: readonly string[];
}

export interface Wish {
  readonly url: string;
  readonly sizeBytes: number;
  readonly urgency: Urgency;
  readonly signal: AbortSignal;
}

const SSE_DATA = 'data: ';

/** A machine of the office with an agent of its own, asked through its control socket. */
export class AgentHost implements AsyncDisposable {
  readonly host: LanHost;
  readonly home: AgentHome;
  readonly #setup: AgentSetup;
  #agent: AgentProcess | undefined;
  #buriedCpuSeconds = 0;

  private constructor(host: LanHost, home: AgentHome, setup: AgentSetup) {
    this.host = host;
    this.home = home;
    this.#setup = setup;
  }

  static async create(host: LanHost, folder: string, setup: AgentSetup): Promise<AgentHost> {
    return new AgentHost(host, await AgentHome.create(folder), setup);
  }

  /** Starts the agent and waits until it answers. */
  async startAgent(): Promise<void> {
    const wrapper = ['ip', 'netns', 'exec', this.host.namespace];
    this.#agent = await this.home.start({ ...this.#setup, wrapper });
  }

  /** CPU seconds of its agents so far, those that were killed included. */
  async cpuSeconds(): Promise<number> {
    return this.#buriedCpuSeconds + (await hostCpuSeconds(this.host));
  }

  /** What the agent said last, for whoever looks into a failure. */
  logTail(): string {
    return this.#agent?.tail() ?? '';
  }

  /** `kill -9`. */
  async killAgent(): Promise<void> {
    this.#buriedCpuSeconds = await this.cpuSeconds();
    await this.#agent?.[Symbol.asyncDispose]();
  }

  /** Asks the agent for a file; the transfer tells how it goes. */
  fetch(wish: Wish): Transfer {
    const path = join(this.home.folder, `file-${wish.urgency}`);
    const transfer = new Transfer({ path, sizeBytes: wish.sizeBytes });
    const isGet = wish.urgency === 'foreground';
    const followed = isGet ? this.#get(transfer, wish) : this.#job(transfer, wish);
    const giveUp = (message: string): void =>
      transfer.end(wish.signal.aborted ? 'late' : 'gone', message);
    followed.then(
      () => giveUp('its agent fell silent'),
      (error: unknown) => giveUp(error instanceof Error ? error.message : 'its agent is gone'),
    );
    return transfer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent?.[Symbol.asyncDispose]();
  }

  async #get(transfer: Transfer, { url, signal }: Wish): Promise<void> {
    const body = { url, path: transfer.path, overwrite: true };
    const { socketPath } = this.home;
    for await (const line of await openLines({ socketPath, path: '/v1/get', body, signal })) {
      const event: GetEvent = JSON.parse(line);
      if (event.event === 'progress') transfer.progress(event.doneBytes, event.bytes);
      if (event.event === 'failed') transfer.end('failed', `${event.code}: ${event.message}`);
      if (event.event !== 'done') continue;
      transfer.progress(event.sizeBytes, event.bytes);
      transfer.end('done');
    }
  }

  async #job(transfer: Transfer, { url, signal }: Wish): Promise<void> {
    const { socketPath } = this.home;
    const lines = await openLines({ socketPath, path: '/v1/events', signal });
    await this.home.client.create({
      name: 'branch office',
      files: [{ url, path: transfer.path }],
      autoComplete: true,
      resume: true,
    });
    for await (const line of lines) {
      if (!line.startsWith(SSE_DATA)) continue;
      const event: JobEvent = JSON.parse(line.slice(SSE_DATA.length));
      if (!('job' in event)) continue;
      const { state, doneBytes, bytes, error } = event.job;
      transfer.progress(doneBytes, bytes);
      if (state === 'error') return transfer.end('failed', error?.message);
      if (state === 'acknowledged') return transfer.end('done');
    }
  }
}
