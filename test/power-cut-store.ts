import { BLOCK_BYTES, MIB, MINUTE_MS, segmentKeysOf, silentLog } from '@peer-cache/core';
import { openFileBlockStore } from '@peer-cache/store';
import type { BlockStore } from '@peer-cache/store';
import test from 'ava';
import { keptContents } from './fixtures/power-cut/kept-contents.ts';
import { fill } from './helpers/described.ts';
import type { Described } from './helpers/described.ts';
import { checkImages, sampling } from './helpers/power-cut/check-images.ts';
import { noRecorderReason } from './helpers/power-cut/record-program.ts';
import { recorded } from './helpers/power-cut/recorded.ts';

const CONTENTS = keptContents();
const SAMPLED = sampling({ mostPoints: 40, imagesPerPoint: 5 });
const LONG_MS = 30 * MINUTE_MS;

const reason = noRecorderReason();
const recording = reason === undefined ? test : test.skip;
const because = reason === undefined ? '' : ` (${reason})`;

recording(
  `a store opens after a power cut, gives out no wrong block, and takes blocks again${because}`,
  async (t) => {
    t.timeout(LONG_MS);
    let found = 0;
    let damaged = 0;
    const images = await checkImages(await recorded('fill-store'), SAMPLED, async (folder) => {
      await using store = await openFileBlockStore({ log: silentLog }, { folder, limitBytes: MIB });
      store.events.on('block-damaged', () => damaged++);
      for (const content of CONTENTS) found += await soundBlocks(store, content);
      for (const content of CONTENTS) {
        await fill(store, content);
        const count = await soundBlocks(store, content);
        if (count < content.bytes.length / BLOCK_BYTES) throw new Error('a block was not taken');
      }
    });
    t.log(`${images} images with seed ${SAMPLED.seed}: ${found} blocks, ${damaged} damaged`);
    // Both kinds, or the images had nothing to tell apart.
    t.true(found > 0 && damaged > 0);
  },
);

/** How many blocks of a content the store gives out; throws where one of them is wrong. */
async function soundBlocks(store: BlockStore, { content, bytes }: Described): Promise<number> {
  const { entry } = content.segment(0);
  using stored = store.find(segmentKeysOf(entry).segmentId);
  if (stored === undefined) return 0;
  let sound = 0;
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    const block = await stored.read(at / BLOCK_BYTES);
    if (block === undefined) continue;
    const isRight = bytes.subarray(at, at + BLOCK_BYTES).equals(block.bytes);
    if (!isRight) throw new Error(`block ${block.blockIndex} is wrong`);
    sound++;
  }
  return sound;
}
