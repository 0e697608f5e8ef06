import { BLOCK_BYTES } from '@peer-cache/core';
import test from 'ava';
import { makeSegment } from '../../server/test/helpers/content.ts';
import type { BlockSource, FetchedBlock, SegmentRun } from '../src/block-source.ts';
import { limited } from '../src/limited.ts';
import type { FetchPace } from '../src/limited.ts';

const { entry, keys, sizeBytes } = makeSegment('film', 15 * BLOCK_BYTES + 7);
const RUN: SegmentRun = { segment: { index: 0, sizeBytes, entry, keys }, firstBlock: 2, count: 8 };

/** Gives what it is asked for, and notes how much that is each time. */
class Giver implements BlockSource {
  readonly name = 'giver';
  readonly kind = 'peer';
  readonly asked: number[] = [];
  /** The first block that it lacks. */
  endBlock = Infinity;

  async *fetch({ firstBlock, count }: SegmentRun): AsyncGenerator<FetchedBlock> {
    this.asked.push(count);
    for (let blockIndex = firstBlock; blockIndex < firstBlock + count; blockIndex++) {
      if (blockIndex >= this.endBlock) throw new Error('no more');
      yield { blockIndex, bytes: Buffer.alloc(BLOCK_BYTES) };
    }
  }
}

/** Leave for these bytes, one after the other, and for no more. */
class Grants implements FetchPace {
  readonly wanted: object[] = [];
  takenBytes = 0;
  readonly #bytes: number[];

  constructor(...bytes: number[]) {
    this.#bytes = bytes;
  }

  async take(wanted: object): Promise<number> {
    this.wanted.push(wanted);
    const bytes = this.#bytes.shift();
    if (bytes === undefined) throw new Error('no leave');
    this.takenBytes += bytes;
    return bytes;
  }

  giveBack(bytes: number): void {
    this.takenBytes -= bytes;
  }
}

async function fetched(source: BlockSource, onHeldBack?: (isHeldBack: boolean) => void) {
  const blocks: number[] = [];
  const { signal } = new AbortController();
  for await (const { blockIndex } of source.fetch(RUN, { signal, onHeldBack })) {
    blocks.push(blockIndex);
  }
  return blocks;
}

test('without a limit a source is what it was', (t) => {
  const giver = new Giver();
  t.is(limited(giver, undefined), giver);
});

test('a run is asked for in parts that there is leave for, and all of it comes', async (t) => {
  const giver = new Giver();
  const pace = new Grants(BLOCK_BYTES, 3.5 * BLOCK_BYTES, 4 * BLOCK_BYTES);
  const held: boolean[] = [];
  const blocks = await fetched(limited(giver, pace), (isHeldBack) => held.push(isHeldBack));
  t.deepEqual(blocks, [2, 3, 4, 5, 6, 7, 8, 9]);
  t.deepEqual(giver.asked, [1, 3, 4]);
  t.deepEqual(pace.wanted, [
    { least: BLOCK_BYTES, most: 8 * BLOCK_BYTES },
    { least: BLOCK_BYTES, most: 7 * BLOCK_BYTES },
    { least: BLOCK_BYTES, most: 4 * BLOCK_BYTES },
  ]);
  t.is(pace.takenBytes, 8 * BLOCK_BYTES, 'half a block was no use');
  t.deepEqual(held, [true, false, true, false, true, false]);
});

test('what does not come is given back', async (t) => {
  const giver = new Giver();
  giver.endBlock = 5;
  const pace = new Grants(8 * BLOCK_BYTES);
  await t.throwsAsync(fetched(limited(giver, pace)), { message: 'no more' });
  t.is(pace.takenBytes, 3 * BLOCK_BYTES);
});

test('who stops reading gives back what was not read', async (t) => {
  const pace = new Grants(8 * BLOCK_BYTES);
  const { signal } = new AbortController();
  for await (const { blockIndex } of limited(new Giver(), pace).fetch(RUN, { signal })) {
    if (blockIndex === 3) break;
  }
  t.is(pace.takenBytes, 2 * BLOCK_BYTES);
});

test('a source that lacks some of a part is not asked for the rest again and again', async (t) => {
  const lacking: BlockSource = { name: 'lacking', kind: 'peer', async *fetch() {} };
  const pace = new Grants(8 * BLOCK_BYTES);
  t.deepEqual(await fetched(limited(lacking, pace)), []);
  t.is(pace.takenBytes, 0);
});
