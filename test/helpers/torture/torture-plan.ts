import { KIB, MIB, SECOND_MS } from '@peer-cache/core';
import type { JobPriority, RequestedRange } from '@peer-cache/protocol';
import { seededRandom } from '../power-cut/seeded-random.ts';

/** A job as a round wants it. */
export interface PlannedJob {
  /** Unique in its round, so that nobody can confuse jobs. */
  readonly name: string;
  readonly priority: JobPriority;
  readonly contents: readonly string[];
  readonly ranges?: readonly RequestedRange[];
  readonly autoComplete: boolean;
  /** Its first URL leads nowhere. */
  readonly isWrongAtFirst: boolean;
}

/** When an agent is killed: so long after its start, or after the next call of `complete`. */
export interface PlannedKill {
  readonly after: 'start' | 'complete';
  readonly delayMs: number;
}

export interface TorturePlan {
  readonly jobs: readonly PlannedJob[];
  readonly kills: readonly PlannedKill[];
}

const PRIORITIES = ['foreground', 'high', 'normal', 'low'] as const;
const JOBS = 20;
const MOST_KILLS = 4;
const FILES_OF_THE_LARGE_JOB = 3;
/** So long an agent may take to start, and to transfer. */
const MOST_LIFE_MS = 6 * SECOND_MS;
const MOST_COMPLETING_MS = 30;
/** Apart from each other, and not in the content's order. */
const RANGES: readonly RequestedRange[] = [
  { startByte: 6 * MIB - KIB },
  { startByte: 5, endByte: 105 },
  { startByte: 2 * MIB, endByte: 2 * MIB + 1_000_003 },
];

/** What a round does, all of it by its seed: 20 jobs with every content in one of them. Pure. */
export function planTorture(seed: number, contentNames: readonly string[]): TorturePlan {
  const random = seededRandom(seed);
  const names = shuffled(contentNames, random);
  const ranged = names.find((name) => name === `plain-${9 * MIB}`);
  const whole = names.filter((name) => name !== ranged);
  const large = whole.slice(0, FILES_OF_THE_LARGE_JOB);
  const single = whole.slice(FILES_OF_THE_LARGE_JOB).map((name) => [name]);
  const all = [large, ranged === undefined ? [] : [ranged], ...single];
  if (all.length !== JOBS) throw new RangeError(`contents for ${all.length} jobs`);
  const jobs = all.map((contents, at) => ({
    name: `job ${at} of ${seed}`,
    priority: PRIORITIES[Math.floor(random() * PRIORITIES.length)] ?? 'normal',
    contents,
    ...(at === 1 ? { ranges: RANGES } : {}),
    autoComplete: at === 2 || random() < 0.1,
    isWrongAtFirst: at === 3,
  }));
  const kills = Array.from({ length: 1 + Math.floor(random() * MOST_KILLS) }, () =>
    plannedKill(random),
  );
  return { jobs: shuffled(jobs, random), kills };
}

function plannedKill(random: () => number): PlannedKill {
  const isAtCompletion = random() < 0.25;
  return isAtCompletion
    ? { after: 'complete', delayMs: random() * MOST_COMPLETING_MS }
    : { after: 'start', delayMs: random() * MOST_LIFE_MS };
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, at: random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
