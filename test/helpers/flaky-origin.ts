import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { BLOCK_BYTES, KIB, MIB, SECOND_MS } from '@peer-cache/core';
import { describing } from './described.ts';
import type { Described } from './described.ts';
import { honestly } from './faulty-origin.ts';
import type { Answer } from './faulty-origin.ts';
import { SentLog } from './sent-log.ts';
import type { Sent } from './sent-log.ts';

/** What goes wrong with one answer. */
export type OriginFault = 'none' | 'busy' | 'failed' | 'cut' | 'stalls' | 'slow';

/** A content at the origin; with content information where it is described. */
export interface OriginContent extends Pick<Described, 'bytes' | 'etag'> {
  readonly described?: Described;
  /** Where it comes slower than the others. */
  readonly bytesPerSecond?: number;
}

export interface FlakyOriginParts {
  /** By their names, which are their paths. */
  readonly contents: ReadonlyMap<string, OriginContent>;
  /** Asked once for each request. */
  readonly nextFault?: () => OriginFault;
  /** From 0 to 1: where in an answer it is cut, or stalls. */
  readonly random?: () => number;
  readonly sent?: SentLog;
}

export interface FlakyOriginOptions {
  /** 127.0.0.1. */
  readonly host?: string;
  /** Any that is free. */
  readonly port?: number;
  /** Of each answer. 16 MiB. */
  readonly bytesPerSecond?: number;
}

export interface FlakyOrigin extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
}

const PIECE_BYTES = BLOCK_BYTES;
const STALL_MS = 2 * SECOND_MS;
/** A connection that is not closed sooner than this after its last answer was idle. */
const LATELY_MS = 2 * SECOND_MS;
const SLOW_BYTES_PER_SECOND = 512 * KIB;
/** Then it is itself again: nobody waits for a test that is slow to its end. */
const SLOW_BYTES = 1 * MIB;

/**
 * A real HTTP server whose answers fail as the test says, and come no faster than it says: so what
 * was sent is about what was read.
 */
export async function startFlakyOrigin(
  {
    contents,
    nextFault = () => 'none',
    random = () => 0.5,
    sent = new SentLog(),
  }: FlakyOriginParts,
  { host = '127.0.0.1', port = 0, bytesPerSecond = 16 * MIB }: FlakyOriginOptions = {},
): Promise<FlakyOrigin> {
  const latest = new WeakMap<Socket, readonly Sent[]>();
  const server = createServer((request, response) => {
    const name = decodeURIComponent(request.url?.slice(1) ?? '');
    const content = contents.get(name);
    const fault = content === undefined ? 'none' : nextFault();
    if (content === undefined) refuse(response, 404);
    else if (fault === 'busy') refuse(response, 503);
    else if (fault === 'failed') refuse(response, 500);
    else {
      if (isBeginning(request)) sent.began(name);
      const pieces: Sent[] = [];
      latest.set(request.socket, pieces);
      const rate = content.bytesPerSecond ?? bytesPerSecond;
      const pacing = { fault, random, sent, name, bytesPerSecond: rate, pieces };
      paced(answerOf(content), pacing)(request, response, 0);
    }
  });
  server.on('connection', (socket) => {
    // By somebody who had not read all of what seems to have come to its end, or has no use for it.
    socket.once('close', (hadError) => {
      const pieces = latest.get(socket) ?? [];
      const agoMs = performance.now() - (pieces.at(-1)?.atMs ?? 0);
      if (agoMs < LATELY_MS) sent.left(pieces);
      else if (hadError) sent.broke(pieces);
    });
  });
  server.listen(port, host);
  await once(server, 'listening');
  const listening = portOf(server);
  return {
    url: `http://${host}:${listening}`,
    port: listening,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answerOf(content: OriginContent): Answer {
  const { described } = content;
  return described === undefined ? honestly(() => content) : describing(() => described);
}

function isBeginning({ headers }: IncomingMessage): boolean {
  return headers['if-range'] === undefined && (headers.range ?? 'bytes=0-').startsWith('bytes=0-');
}

function refuse(response: ServerResponse, status: number): void {
  if (status === 503) response.setHeader('retry-after', '1');
  response.writeHead(status, { 'content-length': 0 }).end();
}

interface Pacing {
  readonly fault: OriginFault;
  readonly random: () => number;
  readonly sent: SentLog;
  readonly name: string;
  readonly bytesPerSecond: number;
  /** What was sent of it is noted here. */
  readonly pieces: Sent[];
}

/** The same answer, its body piece by piece. */
function paced(answer: Answer, pacing: Pacing): Answer {
  async function send(body: Buffer, response: ServerResponse, end: () => void): Promise<void> {
    if (await sendPaced(response, body, pacing)) end();
    else response.socket?.destroy();
  }
  return (request: IncomingMessage, response: ServerResponse, count) => {
    const end = response.end.bind(response);
    response.end = (body?: unknown): ServerResponse => {
      if (!Buffer.isBuffer(body)) return end();
      void send(body, response, end);
      return response;
    };
    answer(request, response, count);
  };
}

/** Sends a body as its fault has it; false where it did not come to its end. */
async function sendPaced(
  response: ServerResponse,
  body: Buffer,
  { fault, random, sent, name, bytesPerSecond, pieces }: Pacing,
): Promise<boolean> {
  const faultByte = Math.floor(random() * body.length);
  let isBroken = false;
  let isLeft = false;
  for (let at = 0; at < body.length && !isBroken; at += PIECE_BYTES) {
    const isFaulty = faultByte >= at && faultByte < at + PIECE_BYTES;
    const isCut = fault === 'cut' && isFaulty;
    const piece = body.subarray(at, isCut ? faultByte : at + PIECE_BYTES);
    pieces.push(sent.note(name, piece.length));
    await written(response, piece);
    if (fault === 'stalls' && isFaulty) await sleep(STALL_MS);
    const isSlow = fault === 'slow' && at < SLOW_BYTES;
    const rate = isSlow ? SLOW_BYTES_PER_SECOND : bytesPerSecond;
    await sleep((piece.length / rate) * SECOND_MS);
    isLeft = response.destroyed;
    isBroken = isCut || isLeft;
  }
  if (isLeft) sent.left(pieces);
  else if (isBroken) sent.broke(pieces);
  return !isBroken;
}

/** Resolves when the piece is with the system, or nobody wants it any more. */
async function written(response: ServerResponse, piece: Buffer): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const onClose = (): void => resolve();
  response.once('close', onClose);
  response.write(piece, () => resolve());
  await promise;
  response.off('close', onClose);
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
