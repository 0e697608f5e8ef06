import { BLOCK_BYTES, MIB } from '@peer-cache/core';
import { createMemoryBlockStore } from '@peer-cache/store';
import type { BlockStore } from '@peer-cache/store';
import test from 'ava';
import { blockStoreContract } from '../../../store/test/block-store-contract.ts';
import type { OpenForContract } from '../../../store/test/block-store-contract.ts';
import {
  allBlocksOf,
  blockOf,
  makeSegment,
  openMade,
  plainOf,
  sameBytes,
  storeMade,
} from '../../../store/test/helpers/segments.ts';
import { inspectionContract } from '../../../store/test/inspection-contract.ts';
import { ForwardingStore } from '../../src/machine/forwarding-store.ts';
import type { ForwardingLink } from '../../src/machine/forwarding-store.ts';
import { linkTo, machineAgent } from '../helpers/machine-agent.ts';

const open: OpenForContract = async (
  t,
  { now = Date.now, limitBytes = 64 * MIB, ...options } = {},
) => {
  const link = linkTo(t, await machineAgent(t));
  const own = createMemoryBlockStore({ now }, { limitBytes, ...options });
  const store = new ForwardingStore({ own, link });
  t.teardown(() => store[Symbol.asyncDispose]());
  return store;
};

blockStoreContract(test, open, { saysFull: false });
inspectionContract(test, open);

function smallStore(link: ForwardingLink, limitBytes: number = 64 * MIB): ForwardingStore {
  return new ForwardingStore({ own: createMemoryBlockStore({}, { limitBytes }), link });
}

async function sameAsMade(
  t: Parameters<typeof sameBytes>[0],
  store: BlockStore,
  made: ReturnType<typeof makeSegment>,
): Promise<void> {
  using segment = store.find(made.keys.segmentId);
  for (const { block } of allBlocksOf(made)) {
    const { blockIndex } = block;
    sameBytes(t, (await segment?.read(blockIndex))?.bytes, plainOf(made, blockIndex));
  }
}

test('what is put here is in the machine store too, with its list', async (t) => {
  const machine = await machineAgent(t);
  const made = makeSegment(1, 40 * BLOCK_BYTES + 9);
  await storeMade(smallStore(linkTo(t, machine)), made);
  await sameAsMade(t, machine.store, made);
});

test('what does not fit here is in the machine store all the same', async (t) => {
  const machine = await machineAgent(t);
  const made = makeSegment(1, 4 * BLOCK_BYTES);
  for (const limitBytes of [0, 2 * BLOCK_BYTES]) {
    const store = smallStore(linkTo(t, machine), limitBytes);
    await machine.store.clear();
    await storeMade(store, made);
    t.true(store.usage().usedBytes <= limitBytes);
    await sameAsMade(t, machine.store, made);
  }
});

test('what the machine store has is not brought there again', async (t) => {
  const machine = await machineAgent(t);
  const made = makeSegment(1, 5 * BLOCK_BYTES);
  await storeMade(
    machine.store,
    made,
    [1, 3].map((index) => blockOf(made, index)),
  );
  const link = linkTo(t, machine);
  const brought: number[] = [];
  const noting: ForwardingLink = {
    async keep(request) {
      brought.push(...request.blocks.map(({ blockIndex }) => blockIndex));
      return await link.keep(request);
    },
  };
  await storeMade(smallStore(noting), made);
  t.deepEqual(brought, [0, 2, 4]);
});

test('a machine store that was emptied meanwhile gets the list again', async (t) => {
  const machine = await machineAgent(t);
  const made = makeSegment(1, 3 * BLOCK_BYTES);
  using segment = openMade(smallStore(linkTo(t, machine)), made);
  await segment.putBlockHashList(made.blockHashList);
  await segment.put([blockOf(made, 0)]);
  await machine.store.clear();
  await segment.put([blockOf(made, 1), blockOf(made, 2)]);
  using there = machine.store.find(made.keys.segmentId);
  t.deepEqual(there?.blocks.toBytes(), Uint8Array.of(0b110));
});

test('without the machine agent blocks are kept here, and nothing fails', async (t) => {
  const machine = await machineAgent(t);
  const link = linkTo(t, machine);
  await machine.stop();
  const store = smallStore(link);
  const made = makeSegment(1, 3 * BLOCK_BYTES);
  await storeMade(store, made);
  await sameAsMade(t, store, made);
  t.false(link.isReachable);
});
