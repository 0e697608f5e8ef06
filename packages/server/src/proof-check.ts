import { randomBytes } from 'node:crypto';
import { isProof, proofOf } from '@peer-cache/core';
import type { Board } from '@peer-cache/ownership';
import type { BlockStore, StoredSegment } from '@peer-cache/store';
import type { Connection } from './connection.ts';
import { ServerBusyError } from './errors.ts';
import { segmentNameOf } from './proven-segments.ts';

const KEY_BYTES = 32;
const STRANGER_RETRY_MS = 500;

/** A segment that a caller asks about. */
export interface ProofQuestion {
  readonly segmentId: Uint8Array;
  readonly proof: Uint8Array;
}

/**
 * The only door to the segments of store and board. Whoever can't prove to know a segment learns
 * nothing of it: one that is here and one that isn't take the same steps, and the disk is touched
 * for neither (threat A3).
 */
export class ProofCheck {
  readonly #store: BlockStore;
  readonly #board: Board;
  /** Stands in for the key of a segment that isn't here. Nobody can prove to know it. */
  readonly #keyOfNone: Uint8Array = randomBytes(KEY_BYTES);

  constructor(store: BlockStore, board: Board) {
    this.#store = store;
    this.#board = board;
  }

  /** The segment, held open, if it is here and the caller proved to know it. */
  open(connection: Connection, question: ProofQuestion): StoredSegment | undefined {
    const { segmentId } = question;
    return this.isProven(connection, question) ? this.#store.find(segmentId) : undefined;
  }

  /** @throws {ServerBusyError} for a host that has had too many proofs checked in vain. */
  demandAllowance({ host }: Connection): void {
    if (host.failedProofs.isSpent) throw new ServerBusyError('failed proofs', STRANGER_RETRY_MS);
  }

  /** Whether the segment is held or worked on here and the caller proved to know it. */
  isProven(connection: Connection, { segmentId, proof }: ProofQuestion): boolean {
    const storedKey = this.#store.proofKeyOf(segmentId);
    const postedKey = this.#board.proofKeyOf(segmentId);
    const heldKey = storedKey ?? postedKey;
    const name = segmentNameOf(segmentId);
    if (connection.proven.has(name, proof)) return heldKey !== undefined;
    const { nonces, host, proven } = connection;
    const isRight = isProof(proof, heldKey ?? this.#keyOfNone, 'client', nonces, segmentId);
    if (!isRight || heldKey === undefined) {
      host.failedProofs.spend(1);
      return false;
    }
    proven.add(name, { proof, answer: proofOf(heldKey, 'server', nonces, segmentId) });
    host.proved();
    return true;
  }
}
