import type { Scenario } from '../scenario.ts';
import type { Stage } from '../stage.ts';
import { sentMulticasts } from '../traffic.ts';

const SETTLE_SECONDS = 10;
const COUNT_SECONDS = 30;
const PERCENTILE = 0.95;

/** Nobody wants anything, and then one host after the other wants one block. */
export const AT_REST: readonly Scenario[] = [
  {
    name: 'multicast-rest',
    title: '24 hosts want nothing; then one after the other wants a block that the others have',
    hosts: 24,
    async play(stage) {
      await stage.pass(SETTLE_SECONDS);
      const hosts = stage.agents.map(({ host }) => host);
      const before = await Promise.all(hosts.map(sentMulticasts));
      const startMs = performance.now();
      await stage.pass(COUNT_SECONDS);
      const after = await Promise.all(hosts.map(sentMulticasts));
      const seconds = (performance.now() - startMs) / 1000;
      const rates = after.map((count, index) => (count - (before[index] ?? 0)) / seconds);
      stage.add({ multicast: Math.max(...rates), lookup: await lookupMs(stage) });
    },
    aims: { multicast: 1, lookup: 250 },
  },
];

/** Each gets it on its own, so this is the whole way: origin's answer, lookup, transfer, file. */
async function lookupMs(stage: Stage): Promise<number> {
  const times: number[] = [];
  for (const agent of stage.agents) {
    const transfer = stage.fetchSmall(agent);
    await transfer.ended;
    const isFound = transfer.bytes.peers > 0;
    const isFirst = agent === stage.agents[0];
    if (!isFirst) times.push(isFound ? transfer.endedMs - transfer.startedMs : Infinity);
  }
  times.sort((a, b) => a - b);
  return times[Math.ceil(times.length * PERCENTILE) - 1] ?? Number.NaN;
}
