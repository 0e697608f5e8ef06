import { isIP } from 'node:net';
import type { ExecutionContext, SerialFn, TestFn } from 'ava';
import type { Finder, FoundPeer, SegmentLookup } from '../src/index.ts';
import { findAll } from './helpers/find-all.ts';

/** A finder that knows of at least one peer, which has the segments of `lookups`. */
export interface FinderInWorld {
  readonly finder: Finder;
  readonly lookups: readonly SegmentLookup[];
}

export type MakeFinder = (t: ExecutionContext) => Promise<FinderInWorld>;

/** What every finder does, whatever it finds by. `make` also arranges for its own clean-up. */
export function finderContract(test: TestFn | SerialFn, name: string, make: MakeFinder): void {
  test(`${name}: yields peers by IP address and port, and ends by itself`, async (t) => {
    const { finder, lookups } = await make(t);
    const found = await findAll(finder, lookups);
    t.true(found.length > 0);
    for (const { address } of found) {
      t.not(isIP(address.host), 0);
      t.true(address.port > 0 && address.port < 65_536);
    }
  });

  test(`${name}: says of each peer which of the lookups it holds, or nothing`, async (t) => {
    const { finder, lookups } = await make(t);
    for (const { holds } of await findAll(finder, lookups)) {
      t.true(holds === undefined || holds.length > 0);
      t.true((holds ?? []).every((place) => place in lookups));
      t.is(new Set(holds).size, holds?.length ?? 0);
    }
  });

  test(`${name}: finds nobody when nothing is looked for`, async (t) => {
    const { finder } = await make(t);
    t.deepEqual(await findAll(finder, []), []);
  });

  test(`${name}: ends without an error when the signal is aborted`, async (t) => {
    const { finder, lookups } = await make(t);
    t.deepEqual(await findAll(finder, lookups, AbortSignal.abort()), []);
    const controller = new AbortController();
    for await (const peer of finder.find(lookups, { signal: controller.signal })) {
      t.truthy(peer);
      controller.abort();
    }
    t.pass();
  });

  test(`${name}: can be left in the middle and asked again`, async (t) => {
    const { finder, lookups } = await make(t);
    for (let time = 0; time < 2; time++) {
      const left = await first(finder, lookups);
      t.truthy(left);
    }
    t.true((await findAll(finder, lookups)).length > 0);
  });

  test(`${name}: answers searches that run side by side`, async (t) => {
    const { finder, lookups } = await make(t);
    const searches = [1, 2, 3].map(() => findAll(finder, lookups));
    for (const found of await Promise.all(searches)) t.true(found.length > 0);
  });

  test(`${name}: finds nobody and does not throw once it is disposed, twice too`, async (t) => {
    const { finder, lookups } = await make(t);
    await finder[Symbol.asyncDispose]();
    await finder[Symbol.asyncDispose]();
    t.deepEqual(await findAll(finder, lookups), []);
  });
}

async function first(
  finder: Finder,
  lookups: readonly SegmentLookup[],
): Promise<FoundPeer | undefined> {
  for await (const peer of finder.find(lookups, { signal: AbortSignal.timeout(10_000) })) {
    return peer;
  }
  return undefined;
}
