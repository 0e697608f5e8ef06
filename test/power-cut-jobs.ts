import { MINUTE_MS } from '@peer-cache/core';
import test from 'ava';
import { checkJobImage } from './fixtures/power-cut/job-image.ts';
import { startJobOrigin } from './fixtures/power-cut/job-origin.ts';
import { recoverJobs } from './fixtures/power-cut/job-recovery.ts';
import { checkImages, sampling } from './helpers/power-cut/check-images.ts';
import { noRecorderReason } from './helpers/power-cut/record-program.ts';
import { recorded } from './helpers/power-cut/recorded.ts';

const SAMPLED = sampling({ mostPoints: 20, imagesPerPoint: 4 });
const LONG_MS = 30 * MINUTE_MS;

const reason = noRecorderReason();
const recording = reason === undefined ? test : test.skip;
const because = reason === undefined ? '' : ` (${reason})`;

recording(
  `after a power cut every job goes on with what the journal tells of, and ends right${because}`,
  async (t) => {
    t.timeout(LONG_MS);
    await using origin = await startJobOrigin();
    const program = await recorded('job-program', origin.url);
    let [keptBlocks, wholeFiles] = [0, 0];
    const images = await checkImages(program, SAMPLED, async (folder, promises) => {
      // Before there were folders to put files into there was no queue.
      if (promises.length === 0) return;
      const image = await checkJobImage(folder, promises);
      keptBlocks += image.keptBlocks;
      wholeFiles += image.wholeFiles;
      const sentBefore = origin.sentBytes();
      await recoverJobs(folder, image);
      const sentBytes = origin.sentBytes() - sentBefore;
      if (sentBytes > image.missingBytes) {
        throw new Error(`${sentBytes} bytes were fetched, of which ${image.missingBytes} missing`);
      }
    });
    const found = `${keptBlocks} blocks kept, ${wholeFiles} files whole`;
    t.log(`${images} images with seed ${SAMPLED.seed}: ${found}`);
    // Or the journal had nothing to be right about.
    t.true(images > 20 && keptBlocks > 0 && wholeFiles > 0);
  },
);
