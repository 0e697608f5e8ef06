// One that claims runs which are wanted, and brings each a drip at a time: it always has something
// new to tell, and gives a block just before anybody calls it silent. `node drip-feeder.ts ADDRESS
// CONTENT-URL`, on a host of a branch office.
import { BLOCK_BYTES, blockCount, BlockSet } from '@peer-cache/core';
import type { ContentSegment } from '@peer-cache/download';
import { BLOCKS_PER_RUN } from '@peer-cache/protocol';
import { bytesOfBlock, framesOf, sealAnything } from '../../bare-frames.ts';
import { NOTHING_TOLD, startBarePeer } from '../../bare-peer.ts';
import type { Told } from '../../bare-peer.ts';
import { drip, drippedBlocks } from './dripping.ts';
import { beFound, bytesAt, pose, sayReady } from './posing.ts';
import { nameOf, Spy } from './spy.ts';
import type { OpenRun } from './spy.ts';

const PORT = 7402;
/** As many as anybody is lent. */
const MOST_CLAIMS = 4;

interface Claimed {
  readonly run: OpenRun;
  readonly sinceMs: number;
}

const posed = await pose();
const { address, content, asked } = posed;
const bytes = await bytesAt(posed);
let claimed: readonly Claimed[] = [];
let version = 1;
const peer = await startBarePeer(
  content,
  {
    tell,
    give: (request, response) => drip(response, [...framesOf(content, request, sealed)]),
    heard: (message, caller) => asked.note(message, caller),
  },
  { host: address, port: PORT },
);
const finder = await beFound(posed, PORT);
const spy = new Spy({ content, finder, own: peer.address });
claim();
sayReady(posed);
await spy.watch(() => {
  claim();
  version++;
  peer.news();
});

/** Keeps what it claims for as long as others lack it, and claims more in its place. */
function claim(): void {
  const open = spy.openRuns();
  const names = new Set(open.map(nameOf));
  const kept = claimed.filter(({ run }) => names.has(nameOf(run)));
  const isClaimed = new Set(kept.map(({ run }) => nameOf(run)));
  const sinceMs = performance.now();
  const more = open.filter((run) => !isClaimed.has(nameOf(run))).map((run) => ({ run, sinceMs }));
  claimed = [...kept, ...more].slice(0, MOST_CLAIMS);
}

function tell(segment: ContentSegment): Told {
  const own = claimed.filter(({ run }) => run.segment.index === segment.index);
  const claims = own.map(({ run: { runIndex }, sinceMs }) => {
    const receivedBytes = Math.floor(broughtBlocks(sinceMs) * BLOCK_BYTES);
    return { runIndex, kind: 'own' as const, receivedBytes };
  });
  const blocks = new BlockSet(blockCount(segment.sizeBytes));
  for (const { run, sinceMs } of own) {
    const first = run.runIndex * BLOCKS_PER_RUN;
    const end = Math.min(first + Math.floor(broughtBlocks(sinceMs)), blocks.blockCount);
    for (let block = first; block < end; block++) blocks.add(block);
  }
  return { ...NOTHING_TOLD, version, standing: 'foreground', claims, blocks: blocks.toBytes() };
}

function broughtBlocks(sinceMs: number): number {
  return Math.min(BLOCKS_PER_RUN - 1, drippedBlocks(performance.now() - sinceMs));
}

function sealed(segment: ContentSegment, blockIndex: number): Buffer {
  return sealAnything(segment.keys, blockIndex, bytesOfBlock(bytes, segment, blockIndex));
}
