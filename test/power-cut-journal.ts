import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { MINUTE_MS } from '@peer-cache/core';
import { openSqliteJournal } from '@peer-cache/jobs';
import type { FileRecord, JobRecord, Journal, KeptSegment } from '@peer-cache/jobs';
import type { JobError } from '@peer-cache/protocol';
import test from 'ava';
import { journalSteps } from './fixtures/power-cut/journal-steps.ts';
import { temporaryFolder } from './helpers/parts.ts';
import { checkImages, sampling } from './helpers/power-cut/check-images.ts';
import { noRecorderReason } from './helpers/power-cut/record-program.ts';
import { recorded } from './helpers/power-cut/recorded.ts';

/** All that a journal knows. */
type Contents = readonly {
  readonly job: JobRecord;
  readonly errors: readonly JobError[];
  readonly files: readonly { readonly file: FileRecord; readonly kept: readonly KeptSegment[] }[];
}[];

const SAMPLED = sampling({ mostPoints: 40, imagesPerPoint: 5 });
const LONG_MS = 30 * MINUTE_MS;
const MOST_ERRORS = 100;

const reason = noRecorderReason();
const recording = reason === undefined ? test : test.skip;
const because = reason === undefined ? '' : ` (${reason})`;

recording(
  `a journal has after a power cut all that was done, and nothing by half${because}`,
  async (t) => {
    t.timeout(LONG_MS);
    const contents = await contentsAfterEachStep();
    const images = await checkImages(
      await recorded('write-journal'),
      SAMPLED,
      (folder, promises) => {
        using journal = openSqliteJournal(join(folder, 'jobs.db'));
        const found = contentsOf(journal);
        // The step under way when the power went may have been taken, or not.
        const steps = [promises.length, promises.length + 1];
        const isRight = steps.some((count) => isDeepStrictEqual(found, contents[count]));
        if (!isRight) throw new Error(`not what it was after ${steps.join(' or ')} steps`);
      },
    );
    t.log(`${images} images with seed ${SAMPLED.seed}`);
    t.true(images > 30);
  },
);

async function contentsAfterEachStep(): Promise<Contents[]> {
  await using folder = await temporaryFolder();
  using journal = openSqliteJournal(join(folder.path, 'jobs.db'));
  const contents = [contentsOf(journal)];
  for (const step of journalSteps()) {
    step(journal);
    contents.push(contentsOf(journal));
  }
  return contents;
}

function contentsOf(journal: Journal): Contents {
  return journal.jobs().map((job) => ({
    job,
    errors: journal.errors(job.id, MOST_ERRORS),
    files: journal.files(job.id).map((file) => ({
      file,
      kept: journal.keptSegments(job.id, file.index),
    })),
  }));
}
