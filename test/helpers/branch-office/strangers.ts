import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { LanHost } from '../../../packages/discovery/test/helpers/namespaces.ts';
import type { StrangerReport } from './hostile/asked.ts';
import type { BranchOffice } from './office.ts';

/**
 * A program that pretends to be an agent, on a host of its own: a liar, or a hoarder of claims. It
 * starts before the agents do and must print a line when it is ready; for each line that it is sent
 * from then on it must print what it was asked so far, as JSON.
 */
export interface Stranger {
  readonly name: string;
  /** What hosts must have asked of it, or the run shows nothing. */
  readonly mustBeAsked: 'states' | 'blocks';
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

/** A stranger at work. */
export interface RunningStranger extends Pick<Stranger, 'name' | 'mustBeAsked'> {
  /** What it was asked so far. */
  readonly report: () => Promise<StrangerReport>;
}

/** Starts them on the last hosts of the office; they end with it. */
export async function startStrangers(
  strangers: readonly Stranger[],
  { hosts, folder, wan }: BranchOffice,
  fileName: string,
): Promise<RunningStranger[]> {
  const theirs = hosts.slice(hosts.length - strangers.length);
  const running: RunningStranger[] = [];
  for (const [index, stranger] of strangers.entries()) {
    const host = theirs[index];
    if (host === undefined) throw new RangeError(`no host for ${stranger.name}`);
    const site = {
      address: host.address,
      contentUrl: `${wan.originUrl}/${fileName}`,
      folder: join(folder, `stranger${index + 1}`),
    };
    await mkdir(site.folder);
    running.push(await start(stranger, host, site));
  }
  return running;
}

async function start(
  { name, mustBeAsked, command }: Stranger,
  host: LanHost,
  site: StrangerSite,
): Promise<RunningStranger> {
  const child = host.spawn(...command(site));
  const lines = createInterface({ input: child.stdout });
  const ended = once(child, 'exit').then(([code]: unknown[]) => {
    throw new Error(`${name} ended with ${String(code)}`);
  });
  // It is killed in the end, when nobody waits for it any more.
  ended.catch(() => undefined);
  await Promise.race([once(lines, 'line'), ended]);
  return {
    name,
    mustBeAsked,
    report: async () => {
      const answered = once(lines, 'line');
      child.stdin.write('report\n');
      const [line]: string[] = await Promise.race([answered, ended]);
      return JSON.parse(line ?? '{}');
    },
  };
}
