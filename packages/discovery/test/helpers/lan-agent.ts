import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { FoundPeer, KnownPeer, SharingInterface } from '../../src/index.ts';
import type { LanHost, LanProcess } from './namespaces.ts';

const FIXTURE = new URL('../fixtures/agent.ts', import.meta.url).pathname;

interface Answers {
  readonly found: FoundPeer[];
  readonly known: KnownPeer[];
  readonly sharing: SharingInterface[];
}

/** An agent's discovery on a host of a LAN; the fixture says what its arguments mean. */
export class LanAgent {
  readonly #process: LanProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(process: LanProcess) {
    this.#process = process;
    this.#lines = createInterface({ input: process.stdout })[Symbol.asyncIterator]();
  }

  static async start(
    host: LanHost,
    { servePort = 0, name = '-', count = 0 }: AgentOptions,
  ): Promise<LanAgent> {
    const args = [FIXTURE, String(servePort), name, String(count)];
    const agent = new LanAgent(host.spawn(process.execPath, ...args));
    await agent.#line();
    return agent;
  }

  async find(name: string, count: number): Promise<FoundPeer[]> {
    return (await this.#ask(`find ${name} ${count}`)).found;
  }

  async known(): Promise<KnownPeer[]> {
    return (await this.#ask('known')).known;
  }

  async sharing(): Promise<SharingInterface[]> {
    return (await this.#ask('sharing')).sharing;
  }

  /** Ends it in good order. */
  async end(): Promise<void> {
    const gone = once(this.#process, 'exit');
    this.#process.stdin.end('end\n');
    await gone;
  }

  async #ask(line: string): Promise<Answers> {
    this.#process.stdin.write(`${line}\n`);
    return JSON.parse(await this.#line());
  }

  async #line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error('the agent ended');
    return value;
  }
}

export interface AgentOptions {
  readonly servePort?: number;
  /** No spaces. */
  readonly name?: string;
  readonly count?: number;
}
