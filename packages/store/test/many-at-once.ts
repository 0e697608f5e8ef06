import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BLOCK_BYTES, blockCount, SEGMENT_BYTES } from '@peer-cache/core';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { StoreFullError } from '../src/index.ts';
import type { BlockStore } from '../src/index.ts';
import { openStore } from './helpers/file-stores.ts';
import {
  blockOf,
  freshSeed,
  makeSegment,
  openMade,
  plainOf,
  sameBytes,
  sealedBlockOf,
  temporaryFolder,
} from './helpers/segments.ts';
import type { MadeSegment } from './helpers/segments.ts';

type Random = (below: number) => number;

/** Numbers that the seed decides (mulberry32). */
function randomFrom(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Stores some blocks of a segment and reads some; all that it gets must be right. */
async function visit(
  t: ExecutionContext,
  { store, made, random }: { store: BlockStore; made: MadeSegment; random: Random },
): Promise<void> {
  using segment = openMade(store, made);
  const count = blockCount(made.sizeBytes);
  const firstBlock = random(count);
  const ours = Array.from({ length: random(20) }, (_, place) => (firstBlock + place) % count);
  try {
    await segment.putBlockHashList(made.blockHashList);
    await segment.put(ours.map((index) => blockOf(made, index)));
    for (const index of ours) t.true(segment.blocks.has(index), 'it is held, so it stays');
  } catch (error) {
    if (!(error instanceof StoreFullError)) throw error;
  }
  const run = await segment.readSealed({ firstBlock, count: 4, isSuspect: random(4) === 0 });
  for (let place = 0; place < (run?.count ?? 0); place++) {
    const sealed = sealedBlockOf(made, firstBlock + place);
    sameBytes(
      t,
      run?.bytes.subarray(place * (BLOCK_BYTES + 16)).subarray(0, sealed.length),
      sealed,
    );
  }
  const block = await segment.read(random(count));
  if (block) sameBytes(t, block.bytes, plainOf(made, block.blockIndex));
}

async function bytesOnDisk(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const stats = await Promise.all(
    files.map(({ parentPath, name }) => stat(join(parentPath, name))),
  );
  return stats.reduce((sum, { blocks }) => sum + blocks * 512, 0);
}

const CASES = [
  { what: 'small segments', sizes: [7 * BLOCK_BYTES - 3, 2 * BLOCK_BYTES, 50], visits: 300 },
  { what: 'segments that hand on their files', sizes: [SEGMENT_BYTES], visits: 200 },
];

for (const { what, sizes, visits } of CASES) {
  test(`many at once store, read and evict ${what} and get right bytes only`, async (t) => {
    const folder = await temporaryFolder(t);
    const random = randomFrom(freshSeed(t));
    const segments = Array.from({ length: 8 }, (_, number) =>
      makeSegment(number, sizes[number % sizes.length]),
    );
    const largest = Math.max(...sizes);
    const limitBytes = 3.5 * largest;
    const store = await openStore(t, { folder, limitBytes });
    // Whole ones first, so that there are files to hand on.
    for (const made of segments.slice(0, 3)) {
      using segment = openMade(store, made);
      await segment.putBlockHashList(made.blockHashList);
      const indexes = Array.from({ length: blockCount(made.sizeBytes) }, (_, index) => index);
      await segment.put(indexes.map((index) => blockOf(made, index)));
    }
    const worker = async (): Promise<void> => {
      for (let left = visits / 6; left > 0; left--) {
        const made = segments[random(segments.length)];
        if (made) await visit(t, { store, made, random });
        if (random(50) === 0) await store.clear();
      }
    };
    await Promise.all([worker(), worker(), worker(), worker(), worker(), worker()]);
    const { usedBytes } = store.usage();
    t.true(usedBytes <= limitBytes);
    // Sealed blocks don't end where pages do: one with no neighbours takes a page more.
    const slackBytes = 4096 * (segments.length + usedBytes / BLOCK_BYTES);
    t.true((await bytesOnDisk(join(folder, 'segments'))) <= usedBytes + slackBytes);
    await store.clear();
    t.is(await bytesOnDisk(join(folder, 'segments')), 0);
  });
}
