import { BLOCK_BYTES, KIB, MIB, SECOND_MS } from '@peer-cache/core';

/** A request body larger than this is refused unread. */
export const MOST_REQUEST_BYTES: number = 256 * KIB;
/** Segments in one request: a state message of 256 with full bitmaps is about 30 KiB. */
export const MOST_SEGMENTS_PER_REQUEST = 256;
/** Ranges of blocks for one segment: a segment with every second block missing has 256. */
export const MOST_RANGES_PER_SEGMENT = 256;
/** Claims on one segment in an answer about state: each peer may have four. */
export const MOST_CLAIMS_TOLD = 16;
/** Peers that an answer about state may name for a segment. */
export const MOST_PEERS_TOLD = 32;
/** A server answers with fewer blocks than asked rather than with more bytes than this. */
export const MOST_RESPONSE_BYTES: number = 4 * MIB;
/** A run: the unit of a request to a peer or the origin. */
export const BLOCKS_PER_RUN: number = MIB / BLOCK_BYTES;
/** The longest a state request may wait for a change. */
export const MOST_WAIT_MS: number = 10 * SECOND_MS;
/** Ports below are never believed: no agent listens there, and other services do. */
export const LEAST_PORT = 1024;
