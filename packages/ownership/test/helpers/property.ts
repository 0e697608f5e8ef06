import { randomInt } from 'node:crypto';
import type { ExecutionContext } from 'ava';
import * as fc from 'fast-check';
import type { IProperty, Parameters } from 'fast-check';

/** Checks a property with a fresh seed, which the test logs: give it as `seed` to see a failure again. */
export function holds<T>(
  t: ExecutionContext,
  property: IProperty<T>,
  parameters: Parameters<T> = {},
): void {
  const { seed = randomInt(2 ** 31), ...others } = parameters;
  t.log(`seed ${seed}`);
  t.notThrows(() => fc.assert(property, { ...others, seed }));
}
