import type { Scenario } from '../scenario.ts';
import { allEnded, anyReached } from '../stage.ts';

const WAN_CUT_SECONDS = 20;

/** Something breaks in the middle. */
export const LOSSES: readonly Scenario[] = [
  {
    name: 'kill-join',
    title: 'one host is killed when it has half, then two others join',
    hosts: 8,
    latecomers: 2,
    async play(stage) {
      stage.fetchAll();
      const victim = stage.agent(1);
      await stage.transfers.get(victim)?.reached(0.5);
      await stage.kill(victim);
      for (const agent of stage.latecomers) {
        await agent.startAgent();
        stage.fetch(agent);
      }
    },
    aims: { copies: 1.1, stall: 2 },
  },
  {
    name: 'wan-cut',
    title: `the WAN is dead for ${WAN_CUT_SECONDS} s when a host has half`,
    hosts: 8,
    async play(stage) {
      await anyReached(stage.fetchAll(), 0.5);
      await stage.office.wan.cut();
      await stage.pass(WAN_CUT_SECONDS);
      await stage.office.wan.heal();
    },
    aims: { copies: 1.08 },
  },
  {
    name: 'lan-cut',
    title: 'one host loses its neighbours, not its WAN, from a quarter until others have 60 %',
    hosts: 8,
    async play(stage) {
      const cutOff = stage.agent(1);
      stage.setApart.add(cutOff);
      const itself = stage.fetch(cutOff);
      const others = stage.fetchAll(stage.agents.filter((agent) => agent !== cutOff));
      await itself.reached(0.25);
      await stage.office.isolate(cutOff.host);
      await anyReached(others, 0.6);
      await stage.office.rejoin(cutOff.host);
    },
    aims: { stall: 2 },
  },
  {
    name: 'cable',
    title: "one host's cable is pulled when it has half, and put back when the others are done",
    hosts: 8,
    async play(stage) {
      const pulled = stage.agent(1);
      stage.setApart.add(pulled);
      const itself = stage.fetch(pulled);
      const others = stage.fetchAll(stage.agents.filter((agent) => agent !== pulled));
      await itself.reached(0.5);
      await stage.office.pullCable(pulled.host);
      await allEnded(others);
      await stage.office.plugCable(pulled.host);
    },
    aims: { stall: 2 },
  },
];
