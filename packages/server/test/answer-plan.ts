import { BLOCK_HASH_LIST_INDEX, BlockSet, SEAL_BYTES } from '@peer-cache/core';
import { FRAME_HEADER_BYTES, MOST_RESPONSE_BYTES } from '@peer-cache/protocol';
import test from 'ava';
import * as fc from 'fast-check';
import { answerBytes, planAnswer } from '../src/answer-plan.ts';
import type { HeldSegment, Wish } from '../src/answer-plan.ts';

const BLOCK = 65_536;
const SEALED = BLOCK + SEAL_BYTES;

const segments = fc
  .record({ size: fc.integer({ min: 1, max: 512 * BLOCK }), held: fc.array(fc.nat(511)) })
  .map(({ size, held }) => {
    const blocks = new BlockSet(Math.ceil(size / BLOCK));
    for (const block of held) if (block < blocks.blockCount) blocks.add(block);
    return { sizeBytes: size, blocks, blockHashList: new Uint8Array(32 * blocks.blockCount) };
  });
const someRuns = fc
  .tuple(fc.nat(511), fc.integer({ min: 1, max: 512 }))
  .map(([firstBlock, count]) => ({ firstBlock, count: Math.min(count, 512 - firstBlock) }));

test('a plan holds only what is here and asked for, each part as large as its blocks', (t) => {
  const property = fc.property(segments, fc.array(someRuns, { maxLength: 8 }), (segment, asked) => {
    const wish = wishFor(segment, { runs: asked });
    const frames = planAnswer([wish]);
    for (const { firstBlock, count, sizeBytes } of frames) {
      for (let block = firstBlock; block < firstBlock + count; block++) {
        t.true(segment.blocks.has(block));
        t.true(asked.some((run) => block >= run.firstBlock && block < run.firstBlock + run.count));
      }
      const endByte = Math.min(segment.sizeBytes, (firstBlock + count) * BLOCK);
      t.is(sizeBytes, endByte - firstBlock * BLOCK + count * SEAL_BYTES);
    }
    t.true(answerBytes(frames) <= MOST_RESPONSE_BYTES);
  });
  fc.assert(property, { numRuns: 200, seed: 1 });
});

test('what is asked for in one run and fits is planned whole', (t) => {
  const property = fc.property(segments, someRuns, (segment, run) => {
    const frames = planAnswer([wishFor(segment, { runs: [run] })], Number.MAX_SAFE_INTEGER);
    const planned = frames.reduce((blocks, { count }) => blocks + count, 0);
    let held = 0;
    for (let at = 0; at < run.count; at++) if (segment.blocks.has(run.firstBlock + at)) held++;
    t.is(planned, held);
    const adjacent = frames.some((frame, at) => {
      return frames[at + 1]?.firstBlock === frame.firstBlock + frame.count;
    });
    t.false(adjacent);
  });
  fc.assert(property, { numRuns: 200, seed: 2 });
});

test('a plan is cut at whole blocks', (t) => {
  const segment = full(4);
  const asked = [{ firstBlock: 0, count: 4 }];
  const mostBytes = FRAME_HEADER_BYTES + 3 * SEALED - 1;
  const [frame, ...others] = planAnswer([wishFor(segment, { runs: asked })], mostBytes);
  t.like(frame, { firstBlock: 0, count: 2, sizeBytes: 2 * SEALED });
  t.deepEqual(others, []);
  t.deepEqual(planAnswer([wishFor(segment, { runs: asked })], SEALED), []);
});

test('a block hash list that has no room is left out whole', (t) => {
  const wish = wishFor(full(512), { wantsBlockHashList: true });
  t.deepEqual(planAnswer([wish], 16_000), []);
  t.like(planAnswer([wish])[0], { firstBlock: BLOCK_HASH_LIST_INDEX, sizeBytes: 16_400 });
});

test('asking for the same gap a hundred thousand times is not looked into each time', (t) => {
  const blocks = new CountingSet(512);
  const gap = { firstBlock: 0, count: 512 };
  const runs = Array.from({ length: 100_000 }, () => gap);
  t.deepEqual(planAnswer([wishFor({ ...full(512), blocks }, { runs })]), []);
  t.true(blocks.looks <= 256 * 512);
});

class CountingSet extends BlockSet {
  looks = 0;

  override runLength(firstBlock: number, most: number): number {
    this.looks++;
    return super.runLength(firstBlock, most);
  }
}

function full(blockCount: number): HeldSegment {
  const blocks = new BlockSet(blockCount);
  for (let block = 0; block < blockCount; block++) blocks.add(block);
  const blockHashList = new Uint8Array(32 * blockCount);
  return { sizeBytes: blockCount * BLOCK, blocks, blockHashList };
}

function wishFor(
  segment: HeldSegment,
  asked: Partial<Pick<Wish<HeldSegment>, 'runs' | 'wantsBlockHashList'>>,
): Wish<HeldSegment> {
  return { index: 0, segment, runs: [], wantsBlockHashList: false, wasDamaged: false, ...asked };
}
