import type { Scenario } from '../scenario.ts';
import { allEnded } from '../stage.ts';
import type { Stage } from '../stage.ts';

const STAGGER_SECONDS = 3;

async function together(stage: Stage): Promise<void> {
  stage.fetchAll();
}

/** Who starts when, and nothing goes wrong. */
export const STARTS: readonly Scenario[] = [
  {
    name: 'together8',
    title: 'eight hosts start at the same moment',
    hosts: 8,
    play: together,
    aims: { copies: 1.055, time: 1.1, cpu: 25 },
    isCompared: true,
  },
  {
    name: 'together2',
    title: 'two hosts start at the same moment',
    hosts: 2,
    play: together,
    aims: { copies: 1.055, time: 1.1 },
  },
  {
    name: 'together24',
    title: '24 hosts start at the same moment',
    hosts: 24,
    play: together,
    aims: { copies: 1.07 },
  },
  {
    name: 'background',
    title: 'eight hosts start at the same moment, as jobs in the background',
    hosts: 8,
    urgency: 'background',
    play: together,
    aims: { copies: 1.055, time: 1.1 },
  },
  {
    name: 'stagger',
    title: `each host starts ${STAGGER_SECONDS} s after the one before`,
    hosts: 8,
    async play(stage) {
      for (const agent of stage.agents) {
        if (agent !== stage.agents[0]) await stage.pass(STAGGER_SECONDS);
        stage.fetch(agent);
      }
    },
    aims: { copies: 1.06 },
  },
  {
    name: 'after-first',
    title: 'all the others start after the first has finished',
    hosts: 8,
    async play(stage) {
      const [first, ...others] = stage.agents;
      if (first === undefined) return;
      await stage.fetch(first).ended;
      const startMs = performance.now();
      await allEnded(stage.fetchAll(others));
      stage.add({ others: (performance.now() - startMs) / 1000 / stage.idealSeconds });
    },
    // At LAN speed: the others together take a fifth of what the WAN takes for one of them.
    aims: { copies: 1.06, others: 0.2 },
  },
];
