import { BLOCK_BYTES, GIB, MIB } from '@peer-cache/core';
import type { JobPriority } from '@peer-cache/protocol';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import * as fc from 'fast-check';
import { holds } from '../../core/test/helpers/property.ts';
import type { TurnKind } from '../src/scheduler/seat.ts';
import { Simulation } from './helpers/simulated-jobs.ts';
import type { SimulatedJob } from './helpers/simulated-jobs.ts';
import { anyPlans, STEADY_PLAN } from './helpers/simulated-plans.ts';
import type { JobPlan } from './helpers/simulated-plans.ts';
import { FairWindows, Limits, StrictOrder, Waits } from './helpers/simulated-watches.ts';

/** In 20 blocks: 10 %. */
const MOST_UNEQUAL_BLOCKS = 2;
/** Two blocks ahead, by requests that brought one each, and its own turn. */
const MOST_TURNS_EACH = 3;

interface Seen {
  windows: number;
  mostUnequalBlocks: number;
  mostTurnsEach: number;
}

/** Runs until nothing happens any more, and throws where something happened that must not. */
function simulate(plans: readonly JobPlan[], seed: number, seen: Seen): void {
  const running = (): ReadonlySet<SimulatedJob> => simulation.running;
  const limits = new Limits();
  const waits = new Waits(running);
  const windows = new FairWindows(running, limits);
  const watches = [limits, new StrictOrder(running), waits, windows];
  const simulation: Simulation = new Simulation(plans, seed, watches);
  simulation.run();
  const unfinished = simulation.jobs.filter(({ state }) => state !== 'done');
  if (unfinished.length > 0) throw new Error(`${unfinished.length} jobs did not finish`);
  checkAllIsFree(simulation);
  seen.windows += windows.count;
  seen.mostUnequalBlocks = Math.max(seen.mostUnequalBlocks, windows.mostUnequalBlocks);
  seen.mostTurnsEach = Math.max(seen.mostTurnsEach, waits.mostTurnsEach);
  if (seen.mostTurnsEach > MOST_TURNS_EACH) throw new Error(`waited ${seen.mostTurnsEach} rounds`);
}

function checkAllIsFree({ scheduler }: Simulation): void {
  using seat = scheduler.enter('last', 'low');
  using origin = seat.ask('origin', 1000);
  using peer = seat.ask('peer', 1000);
  if (origin?.blocks !== 64 || peer?.blocks !== 256) throw new Error('something is still in use');
}

function freshlySeen(): Seen {
  return { windows: 0, mostUnequalBlocks: 0, mostTurnsEach: 0 };
}

function logSeen(t: ExecutionContext, { windows, mostUnequalBlocks, mostTurnsEach }: Seen): void {
  t.log(`${windows} windows, at most ${mostUnequalBlocks} blocks unequal`);
  t.log(`at most ${mostTurnsEach.toFixed(2)} turns of each other job waited through`);
}

test('whatever happens to jobs, priorities are in order, limits are kept and all finish', (t) => {
  const seen = freshlySeen();
  const property = fc.property(anyPlans(1, 40), fc.nat(), (plans, seed) => {
    simulate(plans, seed, seen);
  });
  holds(t, property);
  logSeen(t, seen);
});

test('the same with a thousand jobs', (t) => {
  const seen = freshlySeen();
  const property = fc.property(anyPlans(1000, 1000), fc.nat(), (plans, seed) => {
    simulate(plans, seed, seen);
  });
  holds(t, property, { numRuns: 3, endOnFailure: true });
  logSeen(t, seen);
});

const anySteadyPlan: fc.Arbitrary<JobPlan> = fc
  .record({
    arrivesMs: fc.nat(300),
    blocks: fc.integer({ min: 100, max: 500 }),
    blocksPerRequest: fc.integer({ min: 2, max: 16 }),
    requestsAtOnce: fc.constantFrom(16, 64),
  })
  .map((each) => ({ ...STEADY_PLAN, ...each }));

const sharesFairly = test.macro<[kind: TurnKind, priority: JobPriority]>((t, kind, priority) => {
  const seen = freshlySeen();
  const manyPlans = fc.array(anySteadyPlan, { minLength: 2, maxLength: 24, size: 'max' });
  const property = fc.property(manyPlans, fc.nat(), (plans, seed) => {
    simulate(
      plans.map((each) => ({ ...each, kind, priority })),
      seed,
      seen,
    );
    return seen.mostUnequalBlocks <= MOST_UNEQUAL_BLOCKS;
  });
  holds(t, property, { numRuns: 30 });
  logSeen(t, seen);
  t.true(seen.windows > 1000);
});
const IN_ANY_WINDOW = 'in any window of 20 blocks a job, each has 20 within 10 %:';
test(`${IN_ANY_WINDOW} of the origin, in the background`, sharesFairly, 'origin', 'normal');
test(`${IN_ANY_WINDOW} of the origin, in the foreground`, sharesFairly, 'origin', 'foreground');
test(`${IN_ANY_WINDOW} of peers, in the background`, sharesFairly, 'peer', 'low');
test(`${IN_ANY_WINDOW} of peers, in the foreground`, sharesFairly, 'peer', 'foreground');

test('a job of 1 MiB has its first block after one round of 12 jobs of 10 GiB', (t) => {
  const large = { ...STEADY_PLAN, blocks: (10 * GIB) / BLOCK_BYTES };
  const property = fc.property(fc.integer({ min: 500, max: 5000 }), fc.nat(), (arrivesMs, seed) => {
    const small = { ...STEADY_PLAN, blocks: MIB / BLOCK_BYTES, arrivesMs };
    const plans = [...Array.from({ length: 12 }, () => large), small];
    const { turnsBefore, blocksMeanwhile } = simulateNewcomer(plans, seed);
    return turnsBefore <= 12 && blocksMeanwhile <= 12 * small.blocks + 24;
  });
  holds(t, property, { numRuns: 30 });
});

interface NewcomerLot {
  readonly turnsBefore: number;
  readonly blocksMeanwhile: number;
}

/** What others get while the last of the jobs waits for its first block, and until it is done. */
function simulateNewcomer(plans: readonly JobPlan[], seed: number): NewcomerLot {
  let turnsBefore = 0;
  let blocksMeanwhile = 0;
  const newcomer = (): SimulatedJob | undefined => simulation.jobs.at(-1);
  const granted = (job: SimulatedJob, blocks: number): void => {
    const small = newcomer();
    if (small?.state !== 'ready' || job === small) return;
    if (small.openBlocks === small.plan.blocks) turnsBefore++;
    blocksMeanwhile += blocks;
  };
  const simulation: Simulation = new Simulation(plans, seed, [{ granted }]);
  simulation.run(() => newcomer()?.state === 'done');
  return { turnsBefore, blocksMeanwhile };
}
