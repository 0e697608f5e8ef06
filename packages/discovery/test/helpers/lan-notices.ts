import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { LanHost, LanProcess } from './namespaces.ts';
import { until } from './until.ts';

const FIXTURE = new URL('../fixtures/notices.ts', import.meta.url).pathname;

/** An agent's notices on a host of a LAN. */
export class LanNotices {
  /** What it heard, in this order: the sender's address and the text. */
  readonly heard: string[] = [];
  readonly #process: LanProcess;

  constructor(process: LanProcess) {
    this.#process = process;
    createInterface({ input: process.stdout }).on('line', (line) => this.heard.push(line));
  }

  /** Shares on the interfaces of these names, or on what it finds. */
  static async start(host: LanHost, ...interfaces: string[]): Promise<LanNotices> {
    const notices = new LanNotices(host.spawn(process.execPath, FIXTURE, ...interfaces));
    await notices.hears('open');
    notices.heard.shift();
    return notices;
  }

  send(text: string): void {
    this.#process.stdin.write(`${text}\n`);
  }

  /** Resolves when it has heard this. */
  async hears(line: string): Promise<void> {
    await until(
      () => this.heard,
      (heard) => heard.includes(line),
    );
  }

  /** Resolves when it hears what the other says again and again. */
  async hearsFrom(other: LanNotices, line: string): Promise<void> {
    const text = line.slice(line.indexOf(' ') + 1);
    await until(
      () => {
        other.send(text);
        return this.heard;
      },
      (heard) => heard.includes(line),
    );
  }

  /** Ends it in good order. */
  async end(): Promise<void> {
    const gone = once(this.#process, 'exit');
    this.#process.stdin.end();
    await gone;
  }
}
