import process from 'node:process';
import { controlSocketPath } from '@peer-cache/agent';
import { EXIT } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { JobClient } from '../job-client.ts';
import { jobReport } from '../job-report.ts';
import { say, viewOptionsFor } from '../terminal.ts';

/** `peer-cache job show JOB`: everything of a job. */
export async function jobShow(
  job: string,
  { json = false }: { readonly json?: boolean },
): Promise<ExitCode> {
  const details = await new JobClient(controlSocketPath(process.env)).details(job);
  const options = { ...viewOptionsFor(process.stdout), nowMs: Date.now() };
  say(json ? JSON.stringify(details) : jobReport(details, options).join('\n'));
  return EXIT.ok;
}
