import type { FileHandle } from 'node:fs/promises';
import { BLOCK_BYTES, digestsEqual, hash } from '@peer-cache/core';
import type { Digest } from '@peer-cache/core';
import { fileError, openFileWriter, withFileErrors } from '@peer-cache/download';
import type { ContentSink, ContentVersion, FileWriter, KeptBlocks } from '@peer-cache/download';
import type { FetchedVersion, TemporaryFile } from '../records.ts';
import type { CheckpointNote, Checkpointed, Checkpoints } from './checkpoints.ts';
import type { FileLedger } from './file-ledger.ts';
import { isSameVersion, versionOf } from './file-version.ts';
import { KeptSegments } from './kept-segments.ts';
import { openTemporary, temporaryPath } from './temporary-file.ts';
import type { OpenedTemporary } from './temporary-file.ts';

interface Written {
  readonly block: number;
  readonly blockHash: Digest | undefined;
}

export interface JobFileParts {
  readonly ledger: FileLedger;
  readonly checkpoints: Checkpoints;
  /** Wanted bytes at hand, for whoever looks at the journal. */
  readonly doneBytes: () => number;
  /** Ends a second look at what is kept. */
  readonly signal: AbortSignal;
}

/**
 * Opens where a job's file is written to: a temporary file beside its place, with what earlier
 * attempts left in it.
 *
 * @throws {FileUnwritableError | DiskFullError}
 */
export async function openJobFile(parts: JobFileParts): Promise<JobFile> {
  const { ledger } = parts;
  const { record } = ledger;
  const path = temporaryPath(record.path, record);
  const opened = await openTemporary(path, record.temporary);
  // Journaled with the version that is begun in it: until then there is nothing to lose.
  return new JobFile(parts, opened);
}

/**
 * The temporary file of one file of a job, as a transfer writes to it. Blocks lie at their places
 * in the content. What it says is kept was synced before it was journaled; what only the journal
 * tells of is compared with its hash before it counts.
 */
export class JobFile implements ContentSink, Checkpointed, AsyncDisposable {
  readonly horizonByte: number = Infinity;
  readonly keepsBytes = false;
  readonly handle: FileHandle;
  readonly temporary: TemporaryFile;
  readonly #parts: JobFileParts;
  #isKnown: boolean;
  #isFinished = false;
  readonly #writer: FileWriter;
  #kept = new KeptSegments([], { hasHashes: false });
  #written: Written[] = [];
  #hasOwnHashes = false;
  #failure: Error | undefined;
  #lastSync: Promise<unknown> = Promise.resolve();

  constructor(parts: JobFileParts, { handle, temporary, isKnown }: OpenedTemporary) {
    this.#parts = parts;
    this.handle = handle;
    this.temporary = temporary;
    this.#isKnown = isKnown;
    this.#writer = openFileWriter(handle, parts.ledger.record.path);
  }

  /** Goes on with what is kept of this version; forgets all of another one. */
  async begin(version: ContentVersion): Promise<KeptBlocks> {
    const { ledger } = this.#parts;
    await this.#writer.settled();
    await this.#lastSync;
    this.#written = [];
    this.#failure = undefined;
    const next = versionOf(version);
    const hasHashes = next.kind === 'plain';
    this.#hasOwnHashes = hasHashes;
    const { version: kept, digest } = ledger.record;
    const isSame = this.#isKnown && isSameVersion(kept, next, digest !== undefined);
    if (isSame) {
      const journaled = ledger.keptSegments();
      this.#kept = ledger.remembered() ?? new KeptSegments(journaled, { hasHashes });
      if (hasHashes) await this.#checkOwnHashes(next);
    } else await this.#beginAnew(next, hasHashes);
    ledger.remember(this.#kept);
    return {
      stateOf: (block) => this.#kept.stateOf(block),
      read: async (block) => await this.#read(block, next.sizeBytes),
      checked: (block, isSound) => {
        this.#kept.checked(block, isSound);
      },
    };
  }

  async write(startByte: number, bytes: Uint8Array): Promise<void> {
    this.#refuseAfterFailure();
    const block = startByte / BLOCK_BYTES;
    const blockHash = this.#hasOwnHashes ? hash(bytes) : undefined;
    const written = this.#written;
    await this.#writer.write(startByte, bytes);
    // Lost with a sync that failed meanwhile.
    this.#refuseAfterFailure();
    // Of another version by now? Then this list is nobody's any more.
    written.push({ block, blockHash });
    this.#parts.checkpoints.wrote(this, bytes.length);
  }

  /**
   * Never rejects: what could not be synced counts as lost, for good. The next write, or `finish`,
   * tells of it.
   */
  async sync(): Promise<CheckpointNote | undefined> {
    const note = this.#sync();
    this.#lastSync = note;
    return await note;
  }

  async #sync(): Promise<CheckpointNote | undefined> {
    const kept = this.#kept;
    const written = this.#written.splice(0);
    if (this.#isFinished || this.#failure !== undefined) return undefined;
    try {
      await this.handle.datasync();
    } catch (cause) {
      // Asked again, the system would say that all is well: what was not written is forgotten.
      this.#failure = fileError(this.#parts.ledger.record.path, cause);
      return undefined;
    }
    for (const { block, blockHash } of written) kept.add(block, blockHash);
    const changed = kept.takeChanged();
    if (changed.length === 0) return undefined;
    const { ledger, doneBytes } = this.#parts;
    return {
      note: () => {
        // The whole may be journaled by now, or another version.
        if (kept !== this.#kept || this.#isFinished) return;
        ledger.save({ doneBytes: doneBytes() }, changed);
      },
      undo: () => {
        kept.giveBack(changed);
      },
    };
  }

  /** All of the content is written: who calls syncs the file and journals that. */
  async finish(): Promise<void> {
    await this.#writer.settled();
    this.#isFinished = true;
    // One that still runs may be the only one that the system tells of a failure.
    await this.#lastSync;
    this.#refuseAfterFailure();
  }

  /** Keeps what came. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.settled();
    await this.#parts.checkpoints.flush();
    this.#parts.checkpoints.forget(this);
    await this.handle.close().catch(() => undefined);
  }

  #refuseAfterFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #beginAnew(version: FetchedVersion, hasHashes: boolean): Promise<void> {
    this.#parts.ledger.saveAnew({ version, temporary: this.temporary, doneBytes: 0 });
    this.#isKnown = true;
    this.#kept = new KeptSegments([], { hasHashes });
    await withFileErrors(this.#parts.ledger.record.path, () => this.handle.truncate(0));
  }

  async #checkOwnHashes({ sizeBytes }: FetchedVersion): Promise<void> {
    for (const block of Array.from(this.#kept.unchecked())) {
      this.#parts.signal.throwIfAborted();
      const bytes = await this.#read(block, sizeBytes);
      const isSound = bytes !== undefined && digestsEqual(hash(bytes), this.#kept.blockHash(block));
      this.#kept.checked(block, isSound);
    }
  }

  async #read(block: number, sizeBytes: number | undefined): Promise<Uint8Array | undefined> {
    const startByte = block * BLOCK_BYTES;
    const bytes = Buffer.allocUnsafe(Math.min(BLOCK_BYTES, (sizeBytes ?? Infinity) - startByte));
    try {
      const { bytesRead } = await this.handle.read(bytes, 0, bytes.length, startByte);
      return bytesRead === bytes.length ? bytes : undefined;
    } catch {
      // A place on the disk that can't be read is as good as one never written.
      return undefined;
    }
  }
}
