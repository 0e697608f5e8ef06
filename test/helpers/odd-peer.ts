import { createCipheriv, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { BLOCK_BYTES, blockBytes, BlockSet, BLOCKS_PER_SEGMENT, proofOf } from '@peer-cache/core';
import type { HelloNonces, SegmentKeys } from '@peer-cache/core';
import type { PeerAddress } from '@peer-cache/discovery';
import {
  answerHello,
  decodeBlocksRequest,
  decodeHelloRequest,
  decodeStateRequest,
  encodeFrameHeader,
  encodeHelloResponse,
  encodeStateResponse,
  FRAME_HEADER_BYTES,
  HELLO_PATH,
  PeerIdentity,
  STATE_PATH,
} from '@peer-cache/protocol';
import type { SegmentState } from '@peer-cache/protocol';
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

/**
 * A peer made from the protocol's messages alone, so that it can break every rule that our server
 * keeps. Hello and state are honest; it says that it holds every block and the lists.
 */
export async function startOddPeer(oddity: Oddity, what: Described): Promise<OddPeer> {
  const identity = PeerIdentity.create();
  const nonces = new WeakMap<Socket, HelloNonces>();
  let asked = 0;
  const server = createServer((request, response) => {
    void handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  return {
    address: { host: '127.0.0.1', port },
    asked: () => asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request);
    if (request.url === HELLO_PATH) hello(request, response, body);
    else if (request.url === STATE_PATH) state(request, response, body);
    else {
      asked++;
      blocks(response, body);
    }
  }

  function hello(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
    const message = decodeHelloRequest(body);
    const serverNonce = randomBytes(16);
    nonces.set(request.socket, { clientNonce: message.clientNonce, serverNonce });
    const host = request.headers.host ?? '';
    end(response, encodeHelloResponse(answerHello(message, identity, { serverNonce, host })));
  }

  function state(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
    const known = nonces.get(request.socket);
    const { segments, waitMs } = decodeStateRequest(body);
    const isNews = segments.some(({ knownVersion }) => knownVersion === 0);
    const states = segments.flatMap(({ segmentId, knownVersion }, index): SegmentState[] => {
      const segment = segmentOf(segmentId);
      if (segment === undefined || known === undefined || knownVersion > 0) return [];
      const all = new BlockSet(Math.ceil(segment.sizeBytes / BLOCK_BYTES));
      for (let block = 0; block < all.blockCount; block++) all.add(block);
      if (oddity === 'hoards') return [{ index, ...hoarded(segment, known) }];
      const proof = proofOf(segment.keys.proofKey, 'server', known, segmentId);
      return [
        { index, proof, version: 1, hasBlockHashList: false, ...NO_PART, blocks: all.toBytes() },
      ];
    });
    const answer = encodeStateResponse({ segments: states });
    if (isNews) end(response, answer);
    else setTimeout(() => end(response, answer), waitMs).unref();
  }

  function blocks(response: ServerResponse, body: Buffer): void {
    if (oddity === 'is silent' || oddity === 'hoards') return;
    if (oddity === 'sends garbage') {
      response.socket?.write(randomBytes(5000));
      return;
    }
    if (oddity === 'is busy') {
      response.writeHead(503, { 'content-length': 0, 'peer-cache-retry-ms': 50 }).end();
      return;
    }
    const answer = oddity === 'sends nothing' ? Buffer.alloc(0) : answerTo(body);
    if (oddity === 'dies in mid-block') {
      response.writeHead(200, { 'content-length': answer.length });
      response.write(answer.subarray(0, BLOCK_BYTES / 2), () => response.socket?.destroy());
    } else if (oddity === 'sends too little') {
      end(response, answer.subarray(0, answer.length - 100));
    } else if (oddity === 'drips') {
      response.writeHead(200, { 'content-length': answer.length });
      let at = 0;
      const timer = setInterval(() => {
        if (at >= answer.length || response.destroyed) clearInterval(timer);
        else response.write(answer.subarray(at, (at += 2000)));
      }, 100);
      timer.unref();
    } else end(response, answer);
  }

  function answerTo(body: Buffer): Buffer {
    const frames = decodeBlocksRequest(body).segments.flatMap(({ segmentId, runs }, index) => {
      const segment = segmentOf(segmentId);
      if (segment === undefined) return [];
      return runs.map(({ firstBlock, count }) => {
        const sealed = Array.from({ length: count }, (_, at) => oddBlock(segment, firstBlock + at));
        const bytes = Buffer.concat([Buffer.alloc(FRAME_HEADER_BYTES), ...sealed]);
        const sizeBytes = bytes.length - FRAME_HEADER_BYTES;
        encodeFrameHeader({ index, firstBlock, sizeBytes }, bytes);
        return bytes;
      });
    });
    return Buffer.concat(frames);
  }

  function oddBlock({ index, sizeBytes, keys }: SegmentOf, blockIndex: number): Buffer {
    const start = (index * BLOCKS_PER_SEGMENT + blockIndex) * BLOCK_BYTES;
    const last = start + blockBytes(sizeBytes, blockIndex);
    const bytes = Buffer.from(what.bytes.subarray(start, last));
    if (oddity === 'lies') bytes[0] = (bytes[0] ?? 0) ^ 1;
    const sealed = sealAnything(keys, blockIndex, bytes);
    if (oddity === 'breaks seals') sealed[5] = (sealed[5] ?? 0) ^ 1;
    return sealed;
  }

  function segmentOf(segmentId: Uint8Array): SegmentOf | undefined {
    return what.content
      .segments(0, 1000)
      .find(({ keys }) => Buffer.compare(keys.segmentId, segmentId) === 0);
  }
}

/** The state of one that fetches sixteen runs and has none. */
function hoarded({ keys }: SegmentOf, known: HelloNonces) {
  const proof = proofOf(keys.proofKey, 'server', known, keys.segmentId);
  const claims = Array.from({ length: 16 }, (_, run) => {
    return { runIndex: run, kind: 'own' as const, receivedBytes: 0 };
  });
  const part = { standing: 'foreground' as const, claims, peers: [] };
  return { proof, version: 1, hasBlockHashList: false, blocks: new Uint8Array(), ...part };
}

interface SegmentOf {
  readonly index: number;
  readonly sizeBytes: number;
  readonly keys: SegmentKeys;
}

/** It fetches nothing itself. */
const NO_PART = { standing: 'none', claims: [], peers: [] } as const;

/** What our own `sealBlock` refuses: a seal around bytes that nobody verified. */
function sealAnything(keys: SegmentKeys, blockIndex: number, bytes: Buffer): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32BE(blockIndex, 8);
  const data = Buffer.alloc(21, 1);
  data.set(keys.segmentId, 1);
  data.writeUInt32BE(blockIndex, 17);
  const cipher = createCipheriv('aes-256-gcm', keys.sealingKey, nonce);
  cipher.setAAD(data);
  return Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece);
  return Buffer.concat(pieces);
}

function end(response: ServerResponse, bytes: Uint8Array): void {
  response.writeHead(200, { 'content-length': bytes.length });
  response.end(bytes);
}
