import { createCipheriv } from 'node:crypto';
import {
  BLOCK_BYTES,
  blockBytes,
  blockCount,
  BlockSet,
  BLOCKS_PER_SEGMENT,
} from '@peer-cache/core';
import type { SegmentKeys } from '@peer-cache/core';
import type { Content, ContentSegment } from '@peer-cache/download';
import { encodeFrameHeader, FRAME_HEADER_BYTES } from '@peer-cache/protocol';
import type { BlocksRequest } from '@peer-cache/protocol';
import { segmentOf } from './bare-peer.ts';

/** Gives a sealed block, good or not. */
export type Sealing = (segment: ContentSegment, blockIndex: number) => Buffer;

/** The frames that answer a request, each with one block, in the order in which they are asked for. */
export function* framesOf(
  content: Content,
  asked: BlocksRequest,
  sealed: Sealing,
): Generator<Buffer> {
  for (const [index, { segmentId, runs }] of asked.segments.entries()) {
    const segment = segmentOf(content, segmentId);
    if (segment === undefined) continue;
    for (const { firstBlock, count } of runs) {
      for (let blockIndex = firstBlock; blockIndex < firstBlock + count; blockIndex++) {
        const block = sealed(segment, blockIndex);
        const frame = Buffer.concat([Buffer.alloc(FRAME_HEADER_BYTES), block]);
        encodeFrameHeader({ index, firstBlock: blockIndex, sizeBytes: block.length }, frame);
        yield frame;
      }
    }
  }
}

/** A bitmap that has every block of a segment. */
export function everyBlock({ sizeBytes }: ContentSegment): Uint8Array {
  const all = new BlockSet(blockCount(sizeBytes));
  for (let block = 0; block < all.blockCount; block++) all.add(block);
  return all.toBytes();
}

/** The true bytes of a block, in a buffer of their own. */
export function bytesOfBlock(
  content: Uint8Array,
  { index, sizeBytes }: ContentSegment,
  blockIndex: number,
): Buffer {
  const startByte = (index * BLOCKS_PER_SEGMENT + blockIndex) * BLOCK_BYTES;
  const endByte = startByte + blockBytes(sizeBytes, blockIndex);
  return Buffer.from(content.subarray(startByte, endByte));
}

/** What our own `sealBlock` refuses: a seal around bytes that nobody verified. */
export function sealAnything(keys: SegmentKeys, blockIndex: number, bytes: Buffer): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32BE(blockIndex, 8);
  const data = Buffer.alloc(21, 1);
  data.set(keys.segmentId, 1);
  data.writeUInt32BE(blockIndex, 17);
  const cipher = createCipheriv('aes-256-gcm', keys.sealingKey, nonce);
  cipher.setAAD(data);
  return Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
}
