import type { JobPriority } from '@peer-cache/protocol';
import * as fc from 'fast-check';
import type { TurnKind } from '../../src/scheduler/seat.ts';

/** What a simulated job is to do and what is to happen to it. */
export interface JobPlan {
  readonly arrivesMs: number;
  readonly priority: JobPriority;
  readonly kind: TurnKind;
  readonly blocks: number;
  readonly connectMs: number;
  /** Its own limits. */
  readonly requestsAtOnce: number;
  readonly blocksPerRequest: number;
  /** After so many blocks it fails, and comes back. */
  readonly failure: { readonly afterBlocks: number; readonly backAfterMs: number } | undefined;
  /** So long after its arrival it is given this priority. */
  readonly change: { readonly afterMs: number; readonly priority: JobPriority } | undefined;
}

export const STEADY_PLAN: JobPlan = {
  arrivesMs: 0,
  priority: 'normal',
  kind: 'origin',
  blocks: 16,
  connectMs: 0,
  requestsAtOnce: 16,
  blocksPerRequest: 16,
  failure: undefined,
  change: undefined,
};

export const anyPriority: fc.Arbitrary<JobPriority> = fc.constantFrom(
  ...(['foreground', 'high', 'normal', 'low'] as const),
);

const anyPlan: fc.Arbitrary<JobPlan> = fc.record({
  arrivesMs: fc.nat(2000),
  priority: anyPriority,
  kind: fc.constantFrom<TurnKind>('origin', 'peer'),
  // Most jobs are small; some are longer than a slice.
  blocks: fc.oneof(
    { arbitrary: fc.integer({ min: 1, max: 40 }), weight: 9 },
    { arbitrary: fc.integer({ min: 100, max: 400 }), weight: 1 },
  ),
  connectMs: fc.constantFrom(0, 0, 30),
  requestsAtOnce: fc.constantFrom(1, 4, 64),
  blocksPerRequest: fc.constantFrom(1, 3, 16),
  failure: fc.option(fc.record({ afterBlocks: fc.nat(30), backAfterMs: fc.nat(3000) }), {
    nil: undefined,
    freq: 3,
  }),
  change: fc.option(fc.record({ afterMs: fc.nat(2000), priority: anyPriority }), {
    nil: undefined,
    freq: 3,
  }),
});

/** So many jobs, of all kinds and with all kinds of fates. */
export function anyPlans(least: number, most: number): fc.Arbitrary<JobPlan[]> {
  return fc.array(anyPlan, { minLength: least, maxLength: most, size: 'max' });
}
