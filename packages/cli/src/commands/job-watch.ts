import process from 'node:process';
import { controlSocketPath } from '@peer-cache/agent';
import { EXIT } from '../exit-codes.ts';
import { interruptible } from '../interruptible.ts';
import { JobClient } from '../job-client.ts';
import { say } from '../terminal.ts';
import { waitForJob } from '../wait-for-job.ts';
import { watchJobsAsLines, watchJobsLive } from '../watch-jobs.ts';

/** `peer-cache job watch [JOB]`: one job until its end, or all until Ctrl-C. */
export async function jobWatch(
  job: string | undefined,
  { json = false }: { readonly json?: boolean },
): Promise<number> {
  const client = new JobClient(controlSocketPath(process.env));
  const stream = process.stdout;
  if (job !== undefined) return await waitForJob(client, job, { stream, json });
  return await interruptible(async (signal) => {
    try {
      await (stream.isTTY && !json
        ? watchJobsLive(client, { stream, signal })
        : watchJobsAsLines(client, { say, json, signal }));
    } catch (error) {
      // Ctrl-C is how a view ends.
      if (!signal.aborted) throw error;
      // What comes next does not stand behind the terminal's ^C.
      if (stream.isTTY) stream.write('\n');
    }
    return EXIT.ok;
  });
}
