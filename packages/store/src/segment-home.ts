import type { Log } from '@peer-cache/core';
import type { SegmentFiles } from './segment-files.ts';
import type { TableEntry } from './segment-table.ts';

/** What a segment on disk asks of the store that it is in. */
export interface SegmentHome {
  readonly entry: Readonly<TableEntry<unknown>>;
  readonly folder: string;
  readonly files: SegmentFiles;
  readonly log: Log;
  /**
   * Makes room for the segment and counts it; gives the bytes counted, which are 0 where it got
   * another segment's whole file.
   *
   * @throws {StoreFullError} when there is no room
   */
  reserve(bytes: number): Promise<number>;
  /** Counts bytes that the segment takes up less. */
  release(bytes: number): void;
  /**
   * Gives back disk space because the disk is full, whatever the quota says.
   *
   * @throws {StoreFullError} when there is nothing to give back
   */
  freeUp(bytes: number): Promise<void>;
  /** Blocks or the block hash list came or went. */
  changed(): void;
  damaged(blockIndex: number): void;
}
