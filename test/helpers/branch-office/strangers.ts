import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { BranchOffice } from './office.ts';

/**
 * A program that pretends to be an agent, on a host of its own: a liar, or a hoarder of claims. It
 * starts before the agents do and must print a line when it is ready.
 */
export interface Stranger {
  readonly name: string;
  /** The command line of it. */
  readonly command: (site: StrangerSite) => readonly [string, ...string[]];
}

/** What a stranger is told. */
export interface StrangerSite {
  /** Its own, on the LAN. */
  readonly address: string;
  readonly contentUrl: string;
  /** For its files. */
  readonly folder: string;
}

/** Starts them on the last hosts of the office; they end with it. */
export async function startStrangers(
  strangers: readonly Stranger[],
  { hosts, folder, wan }: BranchOffice,
  fileName: string,
): Promise<void> {
  const theirs = hosts.slice(hosts.length - strangers.length);
  for (const [index, { name, command }] of strangers.entries()) {
    const host = theirs[index];
    if (host === undefined) throw new RangeError(`no host for ${name}`);
    const site = {
      address: host.address,
      contentUrl: `${wan.originUrl}/${fileName}`,
      folder: join(folder, `stranger${index + 1}`),
    };
    await mkdir(site.folder);
    const child = host.spawn(...command(site));
    const lines = createInterface({ input: child.stdout });
    const ended = once(child, 'exit').then(([code]: unknown[]) => {
      throw new Error(`${name} ended with ${String(code)} before it was ready`);
    });
    await Promise.race([once(lines, 'line'), ended]);
    // Later it may do as it likes.
    ended.catch(() => undefined);
  }
}
