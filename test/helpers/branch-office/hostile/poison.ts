// A liar: says that it holds every block and fetches every run, and gives wrong bytes under right
// seals. `node poison.ts ADDRESS CONTENT-URL`, on a host of a branch office.
import { randomBytes } from 'node:crypto';
import { BLOCK_BYTES, blockBytes, MIB } from '@peer-cache/core';
import type { ContentSegment } from '@peer-cache/download';
import { MOST_CLAIMS_TOLD } from '@peer-cache/protocol';
import type { Claim } from '@peer-cache/protocol';
import { everyBlock, framesOf, sealAnything } from '../../bare-frames.ts';
import { endWith, NOTHING_TOLD, startBarePeer } from '../../bare-peer.ts';
import type { Told } from '../../bare-peer.ts';
import { beFound, pose, sayReady } from './posing.ts';

const PORT = 7401;
const LIE = randomBytes(BLOCK_BYTES);
const CLAIMS = Array.from({ length: MOST_CLAIMS_TOLD }, (_, at): Claim => {
  return { runIndex: 2 * at, kind: 'takeover', receivedBytes: MIB / 2 };
});

const posed = await pose();
const { address, content, asked } = posed;
await startBarePeer(
  content,
  {
    tell,
    give: (request, response, caller) => {
      asked.note('lie', caller);
      endWith(response, Buffer.concat([...framesOf(content, request, lie)]));
    },
    heard: (message, caller) => asked.note(message, caller),
  },
  { host: address, port: PORT },
);
await beFound(posed, PORT);
sayReady(posed);

function tell(segment: ContentSegment): Told {
  return {
    ...NOTHING_TOLD,
    blocks: everyBlock(segment),
    standing: 'foreground',
    claims: CLAIMS,
  };
}

function lie({ keys, sizeBytes }: ContentSegment, blockIndex: number): Buffer {
  return sealAnything(keys, blockIndex, LIE.subarray(0, blockBytes(sizeBytes, blockIndex)));
}
