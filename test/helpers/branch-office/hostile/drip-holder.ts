// One that has the whole content and says so, and gives each block just before anybody calls it
// silent. `node drip-holder.ts ADDRESS CONTENT-URL`, on a host of a branch office.
import type { ContentSegment } from '@peer-cache/download';
import { bytesOfBlock, everyBlock, framesOf, sealAnything } from '../../bare-frames.ts';
import { NOTHING_TOLD, startBarePeer } from '../../bare-peer.ts';
import { drip } from './dripping.ts';
import { beFound, bytesAt, pose, sayReady } from './posing.ts';

const PORT = 7403;

const posed = await pose();
const { address, content, asked } = posed;
const bytes = await bytesAt(posed);
await startBarePeer(
  content,
  {
    tell: (segment) => ({ ...NOTHING_TOLD, blocks: everyBlock(segment) }),
    give: (request, response) => drip(response, [...framesOf(content, request, sealed)]),
    heard: (message, caller) => asked.note(message, caller),
  },
  { host: address, port: PORT },
);
await beFound(posed, PORT);
sayReady(posed);

function sealed(segment: ContentSegment, blockIndex: number): Buffer {
  return sealAnything(segment.keys, blockIndex, bytesOfBlock(bytes, segment, blockIndex));
}
