import type { ExecutionContext } from 'ava';
import type * as fc from 'fast-check';

/** Makes fast-check's run one that can be repeated: the seed is printed. */
export function seeded(t: ExecutionContext, runs = 300): fc.Parameters<unknown> {
  const seed = Math.floor(Math.random() * 2 ** 31);
  t.log(`seed ${seed}`);
  return { seed, numRuns: runs };
}
