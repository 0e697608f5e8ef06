import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';

/** A new folder that is gone when the test has ended. */
export async function temporaryFolder(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'peer-cache-origin-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Bytes that look random and are the same for the same seed. */
export function contentOf(sizeBytes: number, seed: number): Buffer {
  const words = new Uint32Array(Math.ceil(sizeBytes / 4));
  let state = seed >>> 0 || 1;
  for (let index = 0; index < words.length; index++) {
    // xorshift32
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[index] = state;
  }
  return Buffer.from(words.buffer, 0, sizeBytes);
}

/** A file of such bytes. */
export async function makeFile(
  path: string,
  sizeBytes: number,
  seed: number = sizeBytes,
): Promise<Buffer> {
  const bytes = contentOf(sizeBytes, seed);
  await writeFile(path, bytes);
  return bytes;
}
