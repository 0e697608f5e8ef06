import { randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crashImages } from './crash-images.ts';
import type { Sampling } from './crash-images.ts';
import type { Recording } from './operations.ts';

/** In memory where that can be had: a check that waits for the disk is ten times slower. */
const IMAGES_IN = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** Throws when the folder doesn't keep what was promised. */
export type ImageCheck = (folder: string, promises: readonly string[]) => Promise<void> | void;

/** How much is tried, with a fresh seed: so much in `npm test`, and forty times with `LONG_TESTS=1`. */
export function sampling({ mostPoints, imagesPerPoint }: Omit<Sampling, 'seed'>): Sampling {
  const seed = randomInt(2 ** 32);
  if (process.env['LONG_TESTS'] !== '1') return { seed, mostPoints, imagesPerPoint };
  return { seed, mostPoints: 10 * mostPoints, imagesPerPoint: 4 * imagesPerPoint };
}

/**
 * Checks the folders that a recorded program may leave behind, one after the other, and gives how
 * many there were.
 *
 * @throws {Error} when the check of one throws, saying which
 */
export async function checkImages(
  recording: Recording,
  sampled: Sampling,
  check: ImageCheck,
): Promise<number> {
  let count = 0;
  for (const { description, promises, materialise } of crashImages(recording, sampled)) {
    const folder = await mkdtemp(join(IMAGES_IN, 'peer-cache-'));
    try {
      await materialise(folder);
      await check(folder, promises);
    } catch (cause) {
      throw new Error(`${String(cause)} (seed ${sampled.seed}: ${description})`, { cause });
    } finally {
      await rm(folder, { recursive: true });
    }
    count++;
  }
  return count;
}
