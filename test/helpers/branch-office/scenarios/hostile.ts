import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { Scenario } from '../scenario.ts';
import type { Stage } from '../stage.ts';
import type { Stranger } from '../strangers.ts';

const HONEST_HOSTS = 7;
const ADDRESSES = 10;

async function together(stage: Stage): Promise<void> {
  stage.fetchAll();
}

/** A program of the folder `hostile`. */
function hostile(name: string, ...more: readonly string[]): Stranger {
  const path = fileURLToPath(new URL(`../hostile/${name}.ts`, import.meta.url));
  return {
    name,
    mustBeAsked: 'blocks',
    command: ({ address, contentUrl }) => [process.execPath, path, address, contentUrl, ...more],
  };
}

/** They hold nothing, and what they claim is told: they may be barred before anybody asks for a block. */
function fiftyIds(...more: readonly string[]): Stranger {
  return { ...hostile('fifty-ids', ...more), mustBeAsked: 'states' };
}

/** Seven hosts start at the same moment, and an eighth holds the content information and is hostile. */
function oneOfEight(
  about: Pick<Scenario, 'name' | 'title' | 'aims'>,
  stranger: Stranger = hostile(about.name),
): Scenario {
  return { ...about, hosts: HONEST_HOSTS, strangers: [stranger], play: together };
}

export const HOSTILE: readonly Scenario[] = [
  oneOfEight({
    name: 'poison',
    title: 'one of eight says that it has and fetches everything, and gives wrong bytes',
    aims: { copies: 1.15, lies: 1 },
  }),
  oneOfEight(
    {
      name: 'fifty-ids',
      title: 'one of eight has fifty peer IDs at one address, which all claim runs and bring none',
      aims: { copies: 1.15, time: 1.3 },
    },
    fiftyIds(),
  ),
  oneOfEight(
    {
      name: 'fifty-addresses',
      title: `the same, with ${ADDRESSES} addresses`,
      aims: { copies: 1.15, time: 1.3 },
    },
    fiftyIds(String(ADDRESSES)),
  ),
  oneOfEight({
    name: 'drip-feeder',
    title: 'one of eight claims runs and brings them a drip at a time, a block in just under 2 s',
    aims: { copies: 1.15, time: 1.15 },
  }),
  oneOfEight({
    name: 'drip-holder',
    title: 'one of eight has everything, and gives each block in just under 2 s',
    aims: { copies: 1.15, time: 1.15 },
  }),
];
