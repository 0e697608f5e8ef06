import type { WriteStream } from 'node:tty';
import type { JobDetails } from '@peer-cache/protocol';
import { AgentFailureError } from './errors.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import { followJob } from './follow-job.ts';
import type { JobViewer } from './follow-job.ts';
import { formatDuration, printableLine } from './format.ts';
import { interruptible } from './interruptible.ts';
import type { JobClient } from './job-client.ts';
import { jsonJobViewer, liveJobViewer, plainJobViewer } from './job-viewers.ts';
import { sourcesText } from './job-words.ts';
import { reportError } from './report-error.ts';
import { say, tell } from './terminal.ts';
import type { WatchEnd } from './watched-job.ts';

const LEAST_TOLD_MS = 1000;

export interface WaitOptions {
  /** Where a person may look. */
  readonly stream: WriteStream;
  /** Whether programs are told what happens, on standard output. */
  readonly json: boolean;
}

/**
 * Shows a job until nothing more happens to it without a person, and returns the exit code: 0 for
 * one that got everything, else that of its error.
 */
export async function waitForJob(
  client: JobClient,
  job: string,
  { stream, json }: WaitOptions,
): Promise<number> {
  return await interruptible(async (signal) => {
    using viewer = viewerFor(client, { stream, json });
    try {
      const end = await followJob(client, job, { viewer, signal });
      return tellEnd(end, { stream, json });
    } catch (error) {
      if (!signal.aborted) throw error;
      // Not behind the terminal's ^C.
      if (stream.isTTY) stream.write('\n');
      tell('peer-cache: the job goes on without the view');
      return EXIT.interrupted;
    }
  });
}

function viewerFor(client: JobClient, { stream, json }: WaitOptions): JobViewer {
  if (json) return jsonJobViewer(say);
  if (stream.isTTY) return liveJobViewer(stream, ({ id }) => client.details(id));
  return plainJobViewer((line) => stream.write(`${line}\n`));
}

function tellEnd({ how, job }: WatchEnd, { stream, json }: WaitOptions): number {
  if (how === 'failed') return tellFailure(job);
  if (how === 'gone') {
    tell('peer-cache: the job was cancelled');
    return EXIT.failed;
  }
  if (json) return EXIT.ok;
  stream.write(`${endText(job)}\n`);
  if (job.state === 'transferred') {
    const what = job.kind === 'upload' ? 'end the job' : 'give the files their names';
    tell(`  ${what}: peer-cache job complete ${shortId(job)}`);
  }
  return EXIT.ok;
}

function tellFailure(job: JobDetails): number {
  const short = shortId(job);
  if (job.error === undefined) {
    tell(
      `peer-cache: the job did not complete by itself; peer-cache why ${short} tells the reason`,
    );
    return EXIT.failed;
  }
  const failure = new AgentFailureError(job.error);
  reportError(failure);
  const verb = job.state === 'transferred' ? 'complete' : 'resume';
  tell(`  the job stays: peer-cache job ${verb} ${short} tries again, job cancel ends it`);
  return exitCodeOf(failure);
}

function shortId({ id }: JobDetails): string {
  return id.split('-')[0] ?? id;
}

function endText(job: JobDetails): string {
  const tookMs = (job.transferredMs ?? job.createdMs) - job.createdMs;
  const time = tookMs < LEAST_TOLD_MS ? '' : ` in ${formatDuration(tookMs)}`;
  const done = job.state === 'acknowledged' ? 'completed' : job.state;
  return `${done}${time}: ${printableLine(job.name)}, ${sourcesText(job)}`;
}
