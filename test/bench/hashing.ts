import { open } from 'node:fs/promises';
import { hash } from '@peer-cache/core';
import { hashBlocks } from '../../packages/origin/src/hash-passes.ts';
import type { Bench } from './bench.ts';
import { median, timed } from './measure.ts';

/** (a) A file's block hashes against the native hash over as many bytes in memory, one thread. */
export async function benchHashing({ file, sizeBytes, runs, report }: Bench): Promise<void> {
  await using handle = await open(file);
  const inMemory = Buffer.alloc(sizeBytes);
  await handle.read(inMemory, 0, sizeBytes, 0);
  const ours: number[] = [];
  const native: number[] = [];
  for (let count = -1; count < runs; count++) {
    const nativeSeconds = await timed(() => void hash(inMemory));
    const ourSeconds = await timed(async () => void (await hashBlocks(handle.fd, sizeBytes)));
    if (count < 0) continue;
    native.push(nativeSeconds);
    ours.push(ourSeconds);
  }
  report({
    name: '(a) block hashes of a 1 GiB file',
    ours: `${(sizeBytes / median(ours) / 1e9).toFixed(2)} GB/s`,
    other: `native hash in memory ${(sizeBytes / median(native) / 1e9).toFixed(2)} GB/s`,
    ratio: median(native) / median(ours),
    aim: '>= 0.8',
  });
}
