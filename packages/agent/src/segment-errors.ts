import { PeerCacheError } from '@peer-cache/core';

/** The store has no segment whose ID begins so. */
export class SegmentNotFoundError extends PeerCacheError {
  readonly code = 'SEGMENT_NOT_FOUND';

  constructor(segmentId: string) {
    super(`the store has no segment ${segmentId}; peer-cache cache list shows all`);
  }
}

/** More than one segment's ID begins so. */
export class SegmentAmbiguousError extends PeerCacheError {
  readonly code = 'SEGMENT_AMBIGUOUS';

  constructor(segmentId: string, count: number) {
    super(`${count} segments have an ID that begins with ${segmentId}; give more of it`);
  }
}
