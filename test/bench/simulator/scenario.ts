import { SECOND_MS } from '@peer-cache/core';
import { seededRandom } from '../../helpers/power-cut/seeded-random.ts';
import type { BranchParts } from './branch.ts';
import { MEGABIT } from './settings.ts';
import type { BranchSettings, PeerPlan } from './settings.ts';

/** What happens to so many peers. */
export interface ScenarioInput {
  readonly peers: number;
  readonly settings: BranchSettings;
  readonly random: () => number;
  /** How long the content takes if the line carries it once and nothing else. */
  readonly idealMs: number;
}

export type ScenarioName =
  | 'together'
  | 'within 3 s'
  | 'within 30 s'
  | 'some die'
  | 'links missing'
  | 'late joiners'
  | 'two groups'
  | 'slow owner'
  | 'slow owners'
  | 'one stalls'
  | 'one pretends'
  | 'fifty IDs stall'
  | 'drip-feeder';

type Scenario = (input: ScenarioInput) => Partial<Omit<BranchParts, 'seed' | 'settings'>>;

const SYBILS = 50;
/** Just inside what is called overdue. */
const DRIP_BYTES_PER_MS = 65_536 / (1.4 * SECOND_MS);

/** What is special about each. */
export const SCENARIOS: Readonly<Record<ScenarioName, Scenario>> = {
  together: ({ peers }) => ({ plans: plansOf(peers) }),
  'within 3 s': ({ peers, random }) => ({
    plans: plansOf(peers, () => ({ startsMs: random() * 3 * SECOND_MS })),
  }),
  'within 30 s': ({ peers, random }) => ({
    plans: plansOf(peers, () => ({ startsMs: random() * 30 * SECOND_MS })),
  }),
  'some die': ({ peers, random, idealMs }) => ({
    plans: plansOf(peers, (index) => {
      if (index >= Math.ceil(peers * 0.05)) return {};
      const atMs = idealMs * (0.1 + 0.8 * random());
      return { ends: { atMs, isSilent: index % 2 === 0 } };
    }),
  }),
  'links missing': ({ peers }) => ({ plans: plansOf(peers), missingLinks: 0.05 }),
  'late joiners': ({ peers, random, idealMs }) => ({
    plans: plansOf(peers, (index) => {
      return index < Math.ceil(peers * 0.2) ? { startsMs: idealMs * (0.3 + 0.6 * random()) } : {};
    }),
  }),
  'two groups': ({ peers, idealMs }) => ({
    plans: plansOf(peers, (index) => ({ group: index % 3 === 0 ? 1 : 0 })),
    healsMs: Math.round(idealMs * 0.4),
  }),
  'slow owner': ({ peers }) => ({
    plans: plansOf(peers, (index) => (index === 0 ? { mostWanBytesPerMs: MEGABIT } : {})),
  }),
  'slow owners': ({ peers }) => ({
    plans: plansOf(peers, (index) => {
      return index < Math.ceil(peers * 0.1) ? { mostWanBytesPerMs: MEGABIT } : {};
    }),
  }),
  'one stalls': ({ peers }) => ({
    plans: plansOf(peers, (index) => (index === 0 ? { conduct: 'stalls' } : {})),
  }),
  'one pretends': ({ peers }) => ({
    plans: plansOf(peers, (index) => (index === 0 ? { conduct: 'pretends' } : {})),
  }),
  'fifty IDs stall': ({ peers }) => ({
    plans: [...plansOf(peers), ...plansOf(SYBILS, () => ({ host: peers, conduct: 'stalls' }))],
  }),
  'drip-feeder': ({ peers }) => ({
    plans: plansOf(peers, (index) => (index === 0 ? { mostWanBytesPerMs: DRIP_BYTES_PER_MS } : {})),
  }),
};

export function isScenarioName(name: string): name is ScenarioName {
  return Object.hasOwn(SCENARIOS, name);
}

/** A branch in which a scenario happens, always the same for a seed. */
export function branchOf(
  name: ScenarioName,
  {
    peers,
    seed,
    settings,
  }: { readonly peers: number; readonly seed: number; readonly settings: BranchSettings },
): BranchParts {
  const idealMs = idealMsOf(settings);
  const scenario: Scenario = SCENARIOS[name];
  const {
    plans = [],
    healsMs = 0,
    missingLinks = 0,
  } = scenario({
    peers,
    settings,
    idealMs,
    random: seededRandom(seed + 1),
  });
  return { seed, settings, plans, healsMs, missingLinks };
}

export function idealMsOf({ runs, wanBytesPerMs }: BranchSettings): number {
  return (runs * 2 ** 20) / wanBytesPerMs;
}

/** All at once and honest, but for what `special` says of one. */
function plansOf(
  peers: number,
  special: (index: number) => Partial<PeerPlan> = () => ({}),
): PeerPlan[] {
  return Array.from({ length: peers }, (_, index) => {
    return {
      // Nobody presses a key in the same millisecond.
      startsMs: index % 20,
      host: index,
      group: 0,
      mostWanBytesPerMs: Infinity,
      conduct: 'honest',
      ...special(index),
    };
  });
}
