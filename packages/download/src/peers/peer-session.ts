import { randomBytes } from 'node:crypto';
import { digestsEqual, isProof, KIB, NONCE_BYTES, proofOf, SECOND_MS } from '@peer-cache/core';
import type { HelloNonces } from '@peer-cache/core';
import type { PeerAddress } from '@peer-cache/discovery';
import {
  BLOCKS_PATH,
  checkHelloResponse,
  decodeHelloResponse,
  decodeStateResponse,
  encodeBlocksRequest,
  encodeHelloRequest,
  encodeStateRequest,
  HELLO_PATH,
  peerIdOf,
  PROTOCOL_VERSION,
  STATE_PATH,
} from '@peer-cache/protocol';
import type { BlockRun, SegmentState } from '@peer-cache/protocol';
import type { ContentSegment } from '../block-source.ts';
import { PeerProtocolError } from '../errors.ts';
import { FrameBuffers } from './frame-buffers.ts';
import { FrameReader, mostAnswerBytes } from './frame-reader.ts';
import type { OnSealed } from './frame-reader.ts';
import { PeerConnection } from './peer-connection.ts';

/** A peer on the LAN that moves nothing for this long is asked no more: the run goes elsewhere. */
const SILENCE_MS = 2 * SECOND_MS;
/** One for the process: what limits the memory is how much is asked for at a time. */
const BUFFERS = new FrameBuffers();
const MOST_HELLO_BYTES = 4 * KIB;
/** 256 segments with full bitmaps are some 40 KiB. */
const MOST_STATE_BYTES = 128 * KIB;

export interface StateOfSegment {
  readonly segment: ContentSegment;
  readonly knownVersion: number;
}

export interface StateOptions {
  readonly waitMs: number;
  /** 2 s */
  readonly lateMs?: number;
  readonly signal: AbortSignal;
}

export interface BlocksOptions {
  readonly onSealed: OnSealed;
  readonly onBytes?: ((bytes: number) => void) | undefined;
  /** 0 */
  readonly waitMs?: number;
  readonly signal: AbortSignal;
}

export interface BlocksOfSegment {
  readonly segment: ContentSegment;
  readonly runs: readonly BlockRun[];
  readonly wantsBlockHashList: boolean;
  readonly wasDamaged: boolean;
}

/** A connection after its hello: the peer has proved a key, and both sides can prove segments. */
export class PeerSession implements Disposable {
  readonly peerId: string;
  readonly #connection: PeerConnection;
  readonly #nonces: HelloNonces;
  /** Computed once for each segment; long polls need them again and again. */
  readonly #proofs = new WeakMap<ContentSegment, Uint8Array>();
  readonly #answers = new WeakMap<ContentSegment, Uint8Array>();

  private constructor(connection: PeerConnection, peerId: string, nonces: HelloNonces) {
    this.peerId = peerId;
    this.#connection = connection;
    this.#nonces = nonces;
  }

  /**
   * Connects and says hello; `servePort` tells the peer where we serve (0: nowhere).
   *
   * @throws {PeerUnreachableError | PeerSilentError | PeerBusyError | PeerProtocolError}
   */
  static async open(
    address: PeerAddress,
    { servePort, signal }: { servePort: number; signal: AbortSignal },
  ): Promise<PeerSession> {
    const connection = await PeerConnection.open(address, { signal });
    try {
      const clientNonce = randomBytes(NONCE_BYTES);
      const versions = [PROTOCOL_VERSION];
      const body = encodeHelloRequest({ versions, clientNonce, port: servePort });
      const ask = { path: HELLO_PATH, body, mostBytes: MOST_HELLO_BYTES, silenceMs: SILENCE_MS };
      const answer = await gather(connection, ask, signal);
      const response = checked(connection, () => decodeHelloResponse(answer));
      checked(connection, () => checkHelloResponse(response, clientNonce, connection.host));
      const nonces = { clientNonce, serverNonce: response.serverNonce };
      return new PeerSession(connection, peerIdOf(response.publicKey), nonces);
    } catch (error) {
      connection[Symbol.dispose]();
      throw error;
    }
  }

  get isOpen(): boolean {
    return this.#connection.isOpen;
  }

  /**
   * What the peer holds of some segments, where it differs from what was known; waits up to
   * `waitMs` for a difference, and fails when it is `lateMs` late. Entries whose proof does not hold are left out.
   */
  async state(
    segments: readonly StateOfSegment[],
    { waitMs, lateMs = SILENCE_MS, signal }: StateOptions,
  ): Promise<readonly SegmentState[]> {
    const questions = segments.map(({ segment, knownVersion }) => ({
      segmentId: segment.keys.segmentId,
      proof: this.#proof(segment),
      knownVersion,
    }));
    const body = encodeStateRequest({ waitMs, segments: questions });
    const silenceMs = waitMs + lateMs;
    const ask = { path: STATE_PATH, body, mostBytes: MOST_STATE_BYTES, silenceMs };
    const answer = await gather(this.#connection, ask, signal);
    const response = checked(this.#connection, () => decodeStateResponse(answer));
    return response.segments.filter(({ index, proof }) => {
      return this.#isAnswer(segments[index]?.segment, proof);
    });
  }

  /**
   * Asks for sealed blocks and block hash lists, and hands out each as it arrives. Waits up to
   * `waitMs` for those of the first segment that are on their way to the peer.
   */
  async blocks(
    segments: readonly BlocksOfSegment[],
    { onSealed, onBytes, waitMs = 0, signal }: BlocksOptions,
  ): Promise<void> {
    const questions = segments.map(({ segment, ...wanted }) => ({
      segmentId: segment.keys.segmentId,
      proof: this.#proof(segment),
      ...wanted,
    }));
    const expected = segments.map(({ segment, runs, wantsBlockHashList }) => ({
      sizeBytes: segment.sizeBytes,
      runs,
      wantsBlockHashList,
    }));
    const reader = new FrameReader(expected, { onSealed, buffers: BUFFERS });
    const ask = {
      path: BLOCKS_PATH,
      body: encodeBlocksRequest({ waitMs, segments: questions }),
      mostBytes: mostAnswerBytes(expected),
      silenceMs: waitMs + SILENCE_MS,
      onBody: (bytes: Uint8Array) => {
        onBytes?.(bytes.length);
        checked(this.#connection, () => reader.read(bytes));
      },
    };
    await this.#connection.request(ask, { signal });
    checked(this.#connection, () => reader.end());
  }

  [Symbol.dispose](): void {
    this.#connection[Symbol.dispose]();
  }

  #isAnswer(segment: ContentSegment | undefined, proof: Uint8Array): boolean {
    if (segment === undefined) return false;
    const known = this.#answers.get(segment);
    if (known !== undefined) return digestsEqual(known, proof);
    const { proofKey, segmentId } = segment.keys;
    if (!isProof(proof, proofKey, 'server', this.#nonces, segmentId)) return false;
    this.#answers.set(segment, proof);
    return true;
  }

  #proof(segment: ContentSegment): Uint8Array {
    const known = this.#proofs.get(segment);
    if (known !== undefined) return known;
    const { proofKey, segmentId } = segment.keys;
    const proof = proofOf(proofKey, 'client', this.#nonces, segmentId);
    this.#proofs.set(segment, proof);
    return proof;
  }
}

async function gather(
  connection: PeerConnection,
  ask: { path: string; body: Uint8Array; mostBytes: number; silenceMs: number },
  signal: AbortSignal,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  const onBody = (bytes: Uint8Array): void => void pieces.push(bytes.slice());
  await connection.request({ ...ask, onBody }, { signal });
  return Buffer.concat(pieces);
}

/** An answer that can't be understood ends the connection: nothing after it could be trusted. */
function checked<T>(connection: PeerConnection, decode: () => T): T {
  try {
    return decode();
  } catch (cause) {
    connection[Symbol.dispose]();
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new PeerProtocolError(connection.host, reason, { cause });
  }
}
