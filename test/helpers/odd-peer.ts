import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { BLOCK_BYTES } from '@peer-cache/core';
import type { PeerAddress } from '@peer-cache/discovery';
import type { ContentSegment } from '@peer-cache/download';
import { MOST_CLAIMS_TOLD } from '@peer-cache/protocol';
import type { BlocksRequest } from '@peer-cache/protocol';
import { bytesOfBlock, everyBlock, framesOf, sealAnything } from './bare-frames.ts';
import { endWith, NOTHING_TOLD, startBarePeer } from './bare-peer.ts';
import type { Told } from './bare-peer.ts';
import type { Described } from './described.ts';

/** What a peer that claims to hold everything does when it is asked for blocks. */
export type Oddity =
  | 'lies'
  | 'breaks seals'
  | 'is silent'
  | 'dies in mid-block'
  | 'sends too little'
  | 'sends garbage'
  | 'sends nothing'
  | 'is busy'
  | 'drips'
  /** Holds nothing, wants everything, claims runs and brings none of them. */
  | 'hoards';

export interface OddPeer extends AsyncDisposable {
  readonly address: PeerAddress;
  /** Blocks requests so far. */
  readonly asked: () => number;
}

/** A peer whose hello and state are honest, but that it says that it holds every block. */
export async function startOddPeer(oddity: Oddity, what: Described): Promise<OddPeer> {
  const { content } = what;
  let asked = 0;
  const peer = await startBarePeer(content, { tell, give });
  return {
    address: peer.address,
    asked: () => asked,
    [Symbol.asyncDispose]: () => peer[Symbol.asyncDispose](),
  };

  function tell(segment: ContentSegment): Told {
    return oddity === 'hoards' ? HOARDED : { ...NOTHING_TOLD, blocks: everyBlock(segment) };
  }

  function give(request: BlocksRequest, response: ServerResponse): void {
    asked++;
    if (oddity === 'is silent' || oddity === 'hoards') return;
    if (oddity === 'sends garbage') {
      response.socket?.write(randomBytes(5000));
      return;
    }
    if (oddity === 'is busy') {
      response.writeHead(503, { 'content-length': 0, 'peer-cache-retry-ms': 50 }).end();
      return;
    }
    const frames = oddity === 'sends nothing' ? [] : framesOf(content, request, oddBlock);
    const answer = Buffer.concat([...frames]);
    if (oddity === 'dies in mid-block') {
      response.writeHead(200, { 'content-length': answer.length });
      response.write(answer.subarray(0, BLOCK_BYTES / 2), () => response.socket?.destroy());
    } else if (oddity === 'sends too little') {
      endWith(response, answer.subarray(0, answer.length - 100));
    } else if (oddity === 'drips') {
      response.writeHead(200, { 'content-length': answer.length });
      let at = 0;
      const timer = setInterval(() => {
        if (at >= answer.length || response.destroyed) clearInterval(timer);
        else response.write(answer.subarray(at, (at += 2000)));
      }, 100);
      timer.unref();
    } else endWith(response, answer);
  }

  function oddBlock(segment: ContentSegment, blockIndex: number): Buffer {
    const bytes = bytesOfBlock(what.bytes, segment, blockIndex);
    if (oddity === 'lies') bytes[0] = (bytes[0] ?? 0) ^ 1;
    const sealed = sealAnything(segment.keys, blockIndex, bytes);
    if (oddity === 'breaks seals') sealed[5] = (sealed[5] ?? 0) ^ 1;
    return sealed;
  }
}

/** The state of one that fetches sixteen runs and has none. */
const HOARDED: Told = {
  ...NOTHING_TOLD,
  standing: 'foreground',
  claims: Array.from({ length: MOST_CLAIMS_TOLD }, (_, runIndex) => {
    return { runIndex, kind: 'own', receivedBytes: 0 };
  }),
};
