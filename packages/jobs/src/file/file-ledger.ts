import type { FileRecord, KeptSegment } from '../records.ts';
import type { KeptSegments } from './kept-segments.ts';

/** What is known of one file of a job, and certain: its record and its kept blocks, journaled. */
export interface FileLedger {
  readonly record: FileRecord;

  keptSegments(): KeptSegment[];

  /** Journals changes and what is kept of these segments, at once or not at all. */
  save(changes: Partial<FileRecord>, kept?: readonly KeptSegment[]): void;

  /** The same, when nothing that was kept is worth anything any more. */
  saveAnew(changes: Partial<FileRecord>): void;

  /**
   * What an earlier transfer in this process knew of the blocks: what it wrote or checked needs no
   * second look. Undefined after `saveAnew`.
   */
  remembered(): KeptSegments | undefined;
  remember(kept: KeptSegments): void;
}
