import { BLOCK_BYTES } from '@peer-cache/core';
import type { ContentVersion, KeptBlocks } from '../../src/sinks/kept-blocks.ts';
import type { ContentSink } from '../../src/sinks/sink.ts';

/** A sink in memory that outlives the attempts made at it, as a job's file does. */
export class KeepingSink implements ContentSink {
  readonly horizonByte: number = Infinity;
  readonly keepsBytes = false;
  readonly bytes: Buffer;
  /** Every `begin`. */
  readonly versions: ContentVersion[] = [];
  /** First bytes of all that was written, in order. */
  written: number[] = [];
  /** What `checked` was told. */
  readonly verdicts: [block: number, isSound: boolean][] = [];
  readonly kept: Map<number, 'unchecked' | 'sound'> = new Map();
  #isPlain = false;

  constructor(sizeBytes: number) {
    this.bytes = Buffer.alloc(sizeBytes);
  }

  async begin(version: ContentVersion): Promise<KeptBlocks> {
    const last = this.versions.at(-1);
    this.versions.push(version);
    this.#isPlain = version.kind === 'plain';
    if (!isSame(last, version)) this.kept.clear();
    return {
      stateOf: (block) => this.kept.get(block) ?? 'absent',
      read: async (block) => this.block(block),
      checked: (block, isSound) => {
        this.verdicts.push([block, isSound]);
        if (!isSound) this.kept.delete(block);
      },
    };
  }

  async write(startByte: number, bytes: Uint8Array): Promise<void> {
    this.written.push(startByte);
    this.bytes.set(bytes, startByte);
    this.kept.set(startByte / BLOCK_BYTES, this.#isPlain ? 'sound' : 'unchecked');
  }

  block(block: number): Buffer {
    return this.bytes.subarray(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES);
  }
}

function isSame(last: ContentVersion | undefined, version: ContentVersion): boolean {
  if (version.kind === 'plain') {
    return (
      last?.kind === 'plain' &&
      version.validator !== undefined &&
      version.validator === last.validator
    );
  }
  return last?.kind === 'described' && Buffer.compare(last.digest, version.digest) === 0;
}
