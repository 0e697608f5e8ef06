import { mkdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { publish } from '../../helpers/branch-office/served-content.ts';
import type { ServedFile } from '../../helpers/branch-office/served-content.ts';
import { makeContent } from '../make-content.ts';
import type { Cell } from './cells.ts';
import { jobSeconds } from './timetable.ts';

/** What the origin has of one kind of WAN. */
export interface YieldContent {
  readonly folder: string;
  /** Described, and so long that a job has work through all phases. */
  readonly file: ServedFile;
  /** Described, for several jobs at once; each takes a phase's length of the whole link. */
  readonly parts: readonly ServedFile[];
}

/** What a person fetches meanwhile: nobody sees the end of it, and it is all zeros. */
export const ENDLESS_NAME = 'endless.bin';
/** What a page is made of. */
export const OBJECT_NAME = 'object.bin';

const PART_COUNT = 8;
const OBJECT_BYTES = 300_000;
const ENDLESS_BYTES = 2 ** 34;
const MARGIN = 1.1;

export interface ContentNeeds {
  readonly bin: string;
  readonly cell: Cell;
  readonly seconds: number;
}

/** Makes all of it; what is described is so by the command as it is installed. */
export async function makeYieldContent(
  folder: string,
  { bin, cell, seconds }: ContentNeeds,
): Promise<YieldContent> {
  const served = join(folder, 'served');
  await mkdir(served, { recursive: true });
  const bytesPerSecond = (cell.mbit * 1e6) / 8;
  const sizeBytes = Math.ceil(bytesPerSecond * jobSeconds(seconds) * MARGIN);
  const file = fileOf(served, 'image.bin', sizeBytes);
  const parts = Array.from({ length: PART_COUNT }, (_, index) =>
    fileOf(served, `part${index + 1}.bin`, Math.ceil(bytesPerSecond * seconds)),
  );
  for (const [seed, each] of [file, ...parts].entries()) {
    await makeContent(each.path, each.sizeBytes, seed);
  }
  await publish(served, { bin, home: folder });
  await writeFile(join(served, OBJECT_NAME), Buffer.alloc(OBJECT_BYTES));
  await writeFile(join(served, ENDLESS_NAME), '');
  await truncate(join(served, ENDLESS_NAME), ENDLESS_BYTES);
  return { folder: served, file, parts };
}

function fileOf(folder: string, name: string, sizeBytes: number): ServedFile {
  return { name, path: join(folder, name), sizeBytes };
}
