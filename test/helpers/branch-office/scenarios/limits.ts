import type { Scenario } from '../scenario.ts';

const SLOW_WAN_MBIT = 1;
const SLOW_LAN_MBIT = 20;

/** Something is slow from the start. */
export const LIMITS: readonly Scenario[] = [
  {
    name: 'slow-owner',
    title: `one host gets ${SLOW_WAN_MBIT} Mbit/s through the WAN, and all of its LAN`,
    hosts: 8,
    async play(stage) {
      await stage.office.wan.limit(stage.agent(1).host, SLOW_WAN_MBIT);
      stage.fetchAll();
    },
    aims: { time: 1.15 },
  },
  {
    name: 'slow-lan',
    title: `the LAN gives each host ${SLOW_LAN_MBIT} Mbit/s in each direction`,
    hosts: 8,
    lanMbit: SLOW_LAN_MBIT,
    async play(stage) {
      stage.fetchAll();
    },
    aims: { copies: 1.06 },
  },
];
