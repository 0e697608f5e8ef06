import { BLOCK_BYTES, silentLog } from '@peer-cache/core';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import * as fc from 'fast-check';
import { createMemoryBlockStore, openFileBlockStore, StoreFullError } from '../src/index.ts';
import type { BlockStore, StoredSegment } from '../src/index.ts';
import {
  blockOf,
  freshSeed,
  makeSegment,
  openMade,
  plainOf,
  storeMade,
  temporaryFolder,
} from './helpers/segments.ts';
import type { MadeSegment } from './helpers/segments.ts';
import { StoreModel } from './helpers/store-model.ts';

const LIMIT_BYTES = 7 * BLOCK_BYTES;
const SEGMENTS = [100, BLOCK_BYTES, 2 * BLOCK_BYTES, 3 * BLOCK_BYTES - 5, 5 * BLOCK_BYTES].map(
  (sizeBytes, number) => makeSegment(number, sizeBytes),
);

interface Action {
  readonly kind: 'store' | 'read' | 'hold' | 'let go' | 'pin' | 'unpin' | 'clear' | 'reopen';
  readonly made: MadeSegment;
  readonly blocks: readonly number[];
}

const action: fc.Arbitrary<Action> = fc.record({
  // Twice as much is stored as all the rest, or the store would seldom be full.
  kind: fc.constantFrom(
    ...(['store', 'store', 'store', 'store', 'store', 'store'] as const),
    ...(['read', 'hold', 'let go', 'pin', 'unpin', 'clear', 'reopen'] as const),
  ),
  made: fc.constantFrom(...SEGMENTS),
  blocks: fc.uniqueArray(fc.nat(4)),
});

interface Handle {
  readonly made: MadeSegment;
  readonly stored: StoredSegment;
}

interface Run {
  store: BlockStore;
  readonly model: StoreModel;
  readonly handles: Handle[];
  /** Closes the store and opens it again, where that keeps anything. */
  readonly reopen?: () => Promise<BlockStore>;
}

const ACT: Record<Action['kind'], (run: Run, action: Action) => Promise<void> | void> = {
  async store({ store, model }, { made, blocks }) {
    const ours = blocks.filter((index) => plainOf(made, index).length > 0);
    const storing = storeMade(
      store,
      made,
      ours.map((index) => blockOf(made, index)),
    );
    same('stored', await hadRoom(storing), model.store(made, ours));
  },
  async read({ store, model }, { made, blocks }) {
    using segment = store.find(made.keys.segmentId);
    for (const index of blocks) {
      const block = await segment?.read(index);
      same('has block', block !== undefined, model.hasBlock(made, index));
      if (block) same('bytes', Buffer.compare(block.bytes, plainOf(made, index)), 0);
      if (segment) model.use(made);
    }
  },
  hold({ store, model, handles }, { made }) {
    handles.push({ made, stored: openMade(store, made) });
    model.hold(made);
    model.use(made);
  },
  'let go': ({ model, handles }) => letGo(model, handles.splice(0, 1)),
  pin({ store, model }, { made }) {
    store.setPinned(made.keys.segmentId, true);
    model.pin(made, true);
  },
  unpin({ store, model }, { made }) {
    store.setPinned(made.keys.segmentId, false);
    model.pin(made, false);
  },
  async clear({ store, model }) {
    await store.clear();
    model.clear();
  },
  async reopen(run) {
    if (run.reopen === undefined) return;
    letGo(run.model, run.handles.splice(0));
    run.store = await run.reopen();
  },
};

function letGo(model: StoreModel, handles: readonly Handle[]): void {
  for (const { made, stored } of handles) {
    stored[Symbol.dispose]();
    model.letGo(made);
  }
}

async function hadRoom(storing: Promise<void>): Promise<boolean> {
  try {
    await storing;
    return true;
  } catch (error) {
    if (error instanceof StoreFullError) return false;
    throw error;
  }
}

function check({ store, model, handles }: Run): void {
  const { usedBytes, segments } = store.usage();
  same('used bytes', usedBytes, model.usedBytes);
  same('segments', segments, model.stored.length);
  for (const each of SEGMENTS) {
    same('here', store.proofKeyOf(each.keys.segmentId) !== undefined, model.has(each));
  }
  for (const { made: each, stored } of handles) {
    for (const index of [0, 1, 2, 3, 4]) {
      same('held block', stored.blocks.has(index), model.hasBlock(each, index));
    }
  }
}

function same<T>(what: string, actual: T, expected: T): void {
  if (actual !== expected) throw new Error(`${what}: ${String(actual)}, not ${String(expected)}`);
}

/** A clock of which no two readings are the same, so that the order of use is certain. */
function tickingClock(): () => number {
  let nowMs = 1e12;
  return () => nowMs++;
}

async function checkRandomActions(
  t: ExecutionContext,
  numRuns: number,
  open: () => Promise<Pick<Run, 'store' | 'reopen'>>,
): Promise<void> {
  const property = fc.asyncProperty(fc.array(action, { maxLength: 40 }), async (actions) => {
    const run: Run = { ...(await open()), model: new StoreModel(LIMIT_BYTES), handles: [] };
    try {
      for (const each of actions) {
        await ACT[each.kind](run, each);
        check(run);
      }
    } finally {
      await run.store[Symbol.asyncDispose]();
    }
  });
  await fc.assert(property, { seed: freshSeed(t), numRuns });
  t.pass();
}

test('whatever is done to a store in memory, it holds what a naive model holds', (t) =>
  checkRandomActions(t, 150, async () => ({
    store: createMemoryBlockStore({ now: tickingClock() }, { limitBytes: LIMIT_BYTES }),
  })));

test('whatever is done to a store on disk, it holds what a naive model holds', (t) =>
  checkRandomActions(t, 40, async () => {
    const folder = await temporaryFolder(t);
    const now = tickingClock();
    const reopened = (): Promise<BlockStore> =>
      openFileBlockStore({ log: silentLog, now }, { folder, limitBytes: LIMIT_BYTES });
    let store = await reopened();
    const reopen = async (): Promise<BlockStore> => {
      await store[Symbol.asyncDispose]();
      store = await reopened();
      return store;
    };
    return { store, reopen };
  }));
