import process from 'node:process';
import { controlSocketPath } from '@peer-cache/agent';
import { EXIT } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { JobClient } from '../job-client.ts';
import { jobErrorsView } from '../job-errors-view.ts';
import { say, viewOptionsFor } from '../terminal.ts';

/** `peer-cache job log JOB`: the errors that a job met, with time and context. */
export async function jobLog(
  job: string,
  { json = false }: { readonly json?: boolean },
): Promise<ExitCode> {
  const details = await new JobClient(controlSocketPath(process.env)).details(job);
  const { id, errorCount, errors } = details;
  if (json) say(JSON.stringify({ id, errorCount, errors }));
  else say(jobErrorsView(details, viewOptionsFor(process.stdout)).join('\n'));
  return EXIT.ok;
}
