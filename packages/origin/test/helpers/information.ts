import {
  blockCount,
  blockHashAt,
  blockHashListBytes,
  blockHashListOffset,
  blockRange,
  decodeRoot,
  hash,
  rootBytes,
  segmentBytes,
  verifyBlock,
  verifyBlockHashList,
} from '@peer-cache/core';
import type { ContentInformation } from '@peer-cache/core';
import type { ExecutionContext } from 'ava';

/** Compares whole content information, root and block hash lists, with the content. */
export function checkInformation(
  t: ExecutionContext,
  resource: Uint8Array,
  content: Buffer,
): ContentInformation {
  const information = decodeRoot(resource);
  t.is(information.sizeBytes, content.length);
  t.deepEqual(Buffer.from(information.digest), Buffer.from(hash(content)));
  let endByte = rootBytes(resource);
  for (const [index, { segmentHash }] of information.segments.entries()) {
    const sizeBytes = segmentBytes(content.length, index);
    const startByte = blockHashListOffset(rootBytes(resource), index);
    endByte = startByte + blockHashListBytes(sizeBytes);
    const list = resource.subarray(startByte, endByte);
    verifyBlockHashList(list, { segmentHash, sizeBytes, index });
    for (let block = 0; block < blockCount(sizeBytes); block++) {
      const range = blockRange(content.length, index, block);
      verifyBlock(
        block,
        content.subarray(range.startByte, range.endByte),
        blockHashAt(list, block),
      );
    }
  }
  t.is(resource.length, endByte);
  return information;
}
