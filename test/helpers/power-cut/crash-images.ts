import { CrashPoint } from './crash-point.ts';
import type { NamesRule } from './crash-point.ts';
import { contentAfterCut } from './file-content.ts';
import type { Chance } from './file-content.ts';
import { digestOf, folderImage, writeImage } from './folder-image.ts';
import type { FolderImage } from './folder-image.ts';
import { describeOperation } from './operations.ts';
import type { Operation, Recording } from './operations.ts';
import { seededRandom } from './seeded-random.ts';

/** How much of all that can happen is tried. */
export interface Sampling {
  readonly seed: number;
  /** Most operations after which the power is cut, over all the recording. */
  readonly mostPoints: number;
  /** How many disks are made up for each, three of them without chance. */
  readonly imagesPerPoint: number;
}

/** A folder as it may be found after a power cut. */
export interface CrashImage {
  /** When the power was cut and what was lost, for whoever looks into a failure. */
  readonly description: string;
  /** What the program had promised by then, in order. */
  readonly promises: readonly string[];
  /** Writes the image into an empty folder. */
  readonly materialise: (folder: string) => Promise<void>;
}

/** What becomes of names and bytes that were not synced. */
interface Fate {
  readonly description: string;
  readonly rule: NamesRule;
  /** Whether one operation's names got to the disk. */
  readonly keepsName: () => boolean;
  readonly chance: Chance;
}

const ALL: Chance = { changesKept: (count) => count };
const NOTHING: Chance = { changesKept: () => 0 };
const NOTHING_LOST: Fate = {
  description: 'nothing lost',
  rule: 'in order',
  keepsName: () => true,
  chance: ALL,
};
const SHOWN_OPERATIONS = 6;

/** The folder as the program left it, after all that it did. */
export function imageWithoutLoss({ operations }: Recording): FolderImage {
  return imageOf(new CrashPoint(operations), NOTHING_LOST);
}

/** The folders that a program may leave behind when the power is cut; none twice. */
export function* crashImages(
  { operations }: Recording,
  { seed, mostPoints, imagesPerPoint }: Sampling,
): Generator<CrashImage> {
  const random = seededRandom(seed);
  const seen = new Set<string>();
  for (const count of pointsOf(operations, mostPoints, random)) {
    const point = new CrashPoint(operations.slice(0, count));
    for (const fate of fates(random, imagesPerPoint)) {
      const image = imageOf(point, fate);
      const key = `${digestOf(image)} ${point.promises.length}`;
      if (seen.has(key)) continue;
      seen.add(key);
      yield {
        description: `${fate.description}, cut ${describePoint(operations, count)}`,
        promises: point.promises,
        materialise: (folder) => writeImage(image, folder),
      };
    }
  }
}

/**
 * After how many operations the power is cut: some within a run of writes, some next to a change of
 * names, and some next to something else (a sync, a promise), or long runs would have nearly all.
 */
function pointsOf(
  operations: readonly Operation[],
  mostPoints: number,
  random: () => number,
): number[] {
  const points = Array.from({ length: operations.length + 1 }, (_, count) => count)
    // Before a promise is the same as after it, but that less is to be kept.
    .filter((count) => operations[count]?.kind !== 'promise');
  const groups = Map.groupBy(points, (count) => groupOf(operations, count));
  return Array.from(groups.values())
    .flatMap((group) => sample(group, mostPoints / groups.size, random))
    .toSorted((a, b) => a - b);
}

function groupOf(operations: readonly Operation[], count: number): string {
  const kinds = [operations[count - 1]?.kind, operations[count]?.kind];
  if (kinds.includes('names')) return 'names';
  return kinds.every((kind) => kind === 'write') ? 'writes' : 'others';
}

/** So many of them at most, evenly over all. */
function sample(all: readonly number[], most: number, random: () => number): readonly number[] {
  if (all.length <= most) return all;
  const parts = Array.from({ length: Math.floor(most) }, (_, part) => part + random());
  return parts.flatMap((place) => all[Math.floor((place * all.length) / parts.length)] ?? []);
}

function* fates(random: () => number, count: number): Generator<Fate> {
  yield NOTHING_LOST;
  yield {
    description: 'all lost',
    rule: 'synced',
    keepsName: () => false,
    chance: NOTHING,
  };
  yield { ...NOTHING_LOST, description: 'bytes lost', chance: NOTHING };
  for (let index = 3; index < count; index++) {
    yield randomFate(random, index % 2 === 0 ? 'synced' : 'in order');
  }
}

/** Some disks lose a little and some nearly all, or what takes both would never be tried. */
function randomFate(random: () => number, rule: NamesRule): Fate {
  const [keptNames, keptBytes] = [random(), random()];
  return {
    description: `torn, names ${rule}`,
    rule,
    keepsName: () => random() < keptNames,
    chance: {
      changesKept: (count) => (random() < keptBytes ? count : Math.floor(random() * (count + 1))),
    },
  };
}

function imageOf(point: CrashPoint, { rule, keepsName, chance }: Fate): FolderImage {
  let isAllLost = false;
  const names = point.names(rule).filter(({ isSynced }) => {
    if (isSynced) return true;
    const isKept = !isAllLost && keepsName();
    // In order means that what comes after a lost one is lost too.
    isAllLost = !isKept && rule === 'in order';
    return isKept;
  });
  return folderImage(
    names.flatMap(({ changes }) => changes),
    (file) => {
      const { synced, unsynced } = point.files.get(file) ?? { synced: [], unsynced: [] };
      return contentAfterCut(synced, unsynced, chance);
    },
  );
}

function describePoint(operations: readonly Operation[], count: number): string {
  const last = operations.slice(Math.max(0, count - SHOWN_OPERATIONS), count);
  const shown = last.map((operation) => describeOperation(operation)).join('; ');
  return `after ${count} of ${operations.length} operations: ${shown}`;
}
