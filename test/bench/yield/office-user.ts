import { once } from 'node:events';
import process from 'node:process';
import { createInterface } from 'node:readline';
import type { Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { LanHost, LanProcess } from '../../../packages/discovery/test/helpers/namespaces.ts';
import type { WanLink } from '../../helpers/branch-office/wan-link.ts';
import { OBJECT_NAME } from './yield-content.ts';

const PROBE = fileURLToPath(new URL('probe.ts', import.meta.url));
const HTTP_PORT = 80;

/** Somebody on a host who opens connections and pages, and notices how long they take. */
export class OfficeUser {
  readonly #process: LanProcess;
  readonly #lines: Interface;

  private constructor(started: LanProcess, lines: Interface) {
    this.#process = started;
    this.#lines = lines;
  }

  /** Ends with the office. */
  static async start(host: LanHost, { originAddress }: WanLink): Promise<OfficeUser> {
    const where = [originAddress, String(HTTP_PORT), `/${OBJECT_NAME}`];
    const started = host.spawn(process.execPath, PROBE, ...where);
    const lines = createInterface({ input: started.stdout });
    await once(lines, 'line');
    return new OfficeUser(started, lines);
  }

  /** Milliseconds that each new connection took, one begun every 100 ms. */
  async connects(seconds: number): Promise<number[]> {
    return await this.#measure('connect', seconds);
  }

  /** Milliseconds that each object of 300 kB took, at most two a second. */
  async objects(seconds: number): Promise<number[]> {
    return await this.#measure('object', seconds);
  }

  async #measure(what: 'connect' | 'object', seconds: number): Promise<number[]> {
    const answered = once(this.#lines, 'line');
    this.#process.stdin.write(`${what} ${seconds * 1000}\n`);
    const [line]: string[] = await answered;
    const taken: number[] = JSON.parse(line ?? '');
    return taken;
  }
}
