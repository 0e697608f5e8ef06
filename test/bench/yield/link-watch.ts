import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { LAN_INTERFACE } from '../../../packages/discovery/test/helpers/namespaces.ts';
import type { LanHost } from '../../../packages/discovery/test/helpers/namespaces.ts';
import type { BranchOffice } from '../../helpers/branch-office/office.ts';
import type { Sample } from './samples.ts';

const SAMPLE_MS = 100;
const WAN_INTERFACE = 'wan0';

/** What came in through the WAN, and at each host, as it goes on. */
export class LinkWatch implements AsyncDisposable {
  readonly #links: readonly WatchedLink[];
  readonly #timer: NodeJS.Timeout;

  private constructor(links: readonly WatchedLink[]) {
    this.#links = links;
    this.#timer = setInterval(() => this.#sample(), SAMPLE_MS);
  }

  static async start({ hosts, wan }: BranchOffice): Promise<LinkWatch> {
    const wanLink = watch(wan.router, WAN_INTERFACE);
    const hostLinks = hosts.map((host) => watch(host, LAN_INTERFACE));
    return new LinkWatch(await Promise.all([wanLink, ...hostLinks]));
  }

  /** Of all that came to the branch. */
  get wan(): readonly Sample[] {
    return this.#links[0]?.samples ?? [];
  }

  /** Of what came to a host, by its place from 0 on. */
  host(index: number): readonly Sample[] {
    return this.#links[index + 1]?.samples ?? [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
  }

  #sample(): void {
    for (const { file, name, samples } of this.#links) {
      const bytes = receivedBytes(readFileSync(file, 'utf8'), name);
      samples.push({ ms: performance.now(), bytes });
    }
  }
}

interface WatchedLink {
  readonly file: string;
  readonly name: string;
  readonly samples: Sample[];
}

/** Any process of a namespace shows its counters to all; one that sleeps is there for that. */
async function watch(node: LanHost, name: string): Promise<WatchedLink> {
  const sleeper = node.spawn('sh', '-c', 'echo there; exec sleep infinity');
  // Until it says so it may still be in our own namespace.
  await once(createInterface({ input: sleeper.stdout }), 'line');
  return { file: `/proc/${sleeper.pid}/net/dev`, name, samples: [] };
}

function receivedBytes(table: string, name: string): number {
  const line = table.split('\n').find((each) => each.trimStart().startsWith(`${name}:`));
  return Number(line?.trim().split(/[:\s]+/)[1]);
}
