import { open, readFile } from 'node:fs/promises';
import { MIB } from '@peer-cache/core';
import { withFileErrors } from '@peer-cache/download';
import type { JobReply } from '@peer-cache/protocol';
import { JobRequestError, JobStateError } from './errors.ts';
import type { Job } from './job.ts';

/** As in BITS (LIM-09): a larger one is read from its file, once it has its name. */
const MOST_BYTES = MIB;

/**
 * What a server answered to the only file of a job, without its having its name yet.
 *
 * @throws {JobStateError} while it is not here
 * @throws {JobRequestError} for a job with several replies, or none, or one that is too large
 */
export async function replyOf(job: Job): Promise<JobReply> {
  if (job.record.kind !== 'upload-reply') {
    throw new JobRequestError('only a job of kind upload-reply has a reply');
  }
  const [reply, another] = job.files.filter(({ upload }) => upload === undefined);
  if (another !== undefined) {
    throw new JobRequestError('the job has several replies: complete it, and read their files');
  }
  if (reply === undefined && job.state === 'transferred') {
    throw new JobRequestError('the server answered without a reply');
  }
  if (reply?.state !== 'transferred' || reply.temporary === undefined) {
    throw new JobStateError(job.id, job.state, 'show a reply');
  }
  const { path, sizeBytes = 0, temporary } = reply;
  if (sizeBytes > MOST_BYTES) {
    throw new JobRequestError(
      `the reply has ${sizeBytes} bytes: complete the job, and read ${path}`,
    );
  }
  return await withFileErrors(path, async () => {
    await using handle = await open(temporary.path, 'r');
    const bytes = await readFile(handle);
    return { path, sizeBytes: bytes.length, base64: bytes.toString('base64') };
  });
}
