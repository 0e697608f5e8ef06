import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { proofOf } from '@peer-cache/core';
import type { HelloNonces } from '@peer-cache/core';
import type { PeerAddress } from '@peer-cache/discovery';
import type { Content, ContentSegment } from '@peer-cache/download';
import {
  answerHello,
  BLOCKS_PATH,
  decodeBlocksRequest,
  decodeHelloRequest,
  decodeStateRequest,
  encodeHelloResponse,
  encodeStateResponse,
  HELLO_PATH,
  PeerIdentity,
  STATE_PATH,
} from '@peer-cache/protocol';
import type { BlocksRequest, SegmentState, StateRequest } from '@peer-cache/protocol';

/** What a bare peer says of a segment; a version that differs is what others wait for. */
export type Told = Omit<SegmentState, 'index' | 'proof'>;

/** How a bare peer behaves where ours has rules. */
export interface Manners {
  /** What it says of a segment at the moment. */
  readonly tell: (segment: ContentSegment) => Told;
  /** Answers a request for blocks, in whatever way, or leaves it open. */
  readonly give: (asked: BlocksRequest, response: ServerResponse, caller: string) => void;
  /** Told of each message, and of the address that it came from. */
  readonly heard?: (message: 'hello' | 'state' | 'blocks', caller: string) => void;
}

export interface BarePeerOptions {
  /** Loopback unless it is given. */
  readonly host?: string;
  /** Any that is free unless it is given. */
  readonly port?: number;
}

export interface BarePeer extends AsyncDisposable {
  readonly address: PeerAddress;
  readonly peerId: string;
  /** What it tells is other than before: those who wait for that are answered. */
  readonly news: () => void;
}

/** It has nothing to do with a segment, but for what is said beside. */
export const NOTHING_TOLD: Told = {
  version: 1,
  hasBlockHashList: false,
  blocks: new Uint8Array(),
  standing: 'none',
  claims: [],
  peers: [],
};

/**
 * A peer made from the protocol's messages alone, so that it can break every rule that our server
 * keeps. Its hello is honest and its proofs are right; the rest is up to its manners.
 */
export async function startBarePeer(
  content: Content,
  manners: Manners,
  { host = '127.0.0.1', port = 0 }: BarePeerOptions = {},
): Promise<BarePeer> {
  const { tell, give, heard = () => undefined } = manners;
  const identity = PeerIdentity.create();
  const nonces = new WeakMap<Socket, HelloNonces>();
  /** Each looks whether there is anything to answer a state request with that waits. */
  const waiting = new Set<() => void>();
  const server = createServer((request, response) => {
    // Who hangs up in the middle of a request gets no answer.
    handle(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  const bound = server.address();
  const boundPort = typeof bound === 'object' && bound !== null ? bound.port : port;
  return {
    address: { host, port: boundPort },
    peerId: identity.peerId,
    news: () => waiting.forEach((look) => look()),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request);
    const caller = request.socket.remoteAddress ?? '';
    if (request.url === HELLO_PATH) {
      heard('hello', caller);
      hello(request, response, body);
    } else if (request.url === STATE_PATH) {
      heard('state', caller);
      state(request.socket, response, decodeStateRequest(body));
    } else if (request.url === BLOCKS_PATH) {
      heard('blocks', caller);
      give(decodeBlocksRequest(body), response, caller);
    } else response.destroy();
  }

  function hello(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
    const message = decodeHelloRequest(body);
    const serverNonce = randomBytes(16);
    nonces.set(request.socket, { clientNonce: message.clientNonce, serverNonce });
    const dialled = request.headers.host ?? '';
    const answer = answerHello(message, identity, { serverNonce, host: dialled });
    endWith(response, encodeHelloResponse(answer));
  }

  function state(socket: Socket, response: ServerResponse, asked: StateRequest): void {
    const timer = setTimeout(() => answer([]), asked.waitMs);
    waiting.add(answerIfNews);
    response.once('close', forget);
    answerIfNews();

    function answerIfNews(): void {
      const states = statesOf(socket, asked);
      if (states.length > 0) answer(states);
    }

    function answer(segments: readonly SegmentState[]): void {
      forget();
      endWith(response, encodeStateResponse({ segments }));
    }

    function forget(): void {
      clearTimeout(timer);
      waiting.delete(answerIfNews);
    }
  }

  function statesOf(socket: Socket, { segments }: StateRequest): SegmentState[] {
    const known = nonces.get(socket);
    if (known === undefined) return [];
    return segments.flatMap(({ segmentId, knownVersion }, index) => {
      const segment = segmentOf(content, segmentId);
      const told = segment && tell(segment);
      if (segment === undefined || told === undefined || told.version === knownVersion) return [];
      const proof = proofOf(segment.keys.proofKey, 'server', known, segmentId);
      return { index, proof, ...told };
    });
  }
}

/** The segment of a content that has this ID. */
export function segmentOf(content: Content, segmentId: Uint8Array): ContentSegment | undefined {
  return content
    .segments(0, content.segmentCount)
    .find(({ keys }) => Buffer.compare(keys.segmentId, segmentId) === 0);
}

/** Answers with these bytes, in good form. */
export function endWith(response: ServerResponse, bytes: Uint8Array): void {
  response.writeHead(200, { 'content-length': bytes.length });
  response.end(bytes);
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece);
  return Buffer.concat(pieces);
}
