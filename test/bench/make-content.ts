import { createCipheriv } from 'node:crypto';
import { open } from 'node:fs/promises';
import { MIB } from '@peer-cache/core';

/** Writes a file of bytes that don't compress, the same for the same seed. */
export async function makeContent(path: string, sizeBytes: number, seed: number): Promise<void> {
  await using file = await open(path, 'w');
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16));
  const zeros = Buffer.alloc(MIB);
  for (let at = 0; at < sizeBytes; at += MIB) {
    await file.write(cipher.update(zeros.subarray(0, Math.min(MIB, sizeBytes - at))));
  }
}
