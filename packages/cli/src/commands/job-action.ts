import process from 'node:process';
import { controlSocketPath } from '@peer-cache/agent';
import type { CompletionReport } from '@peer-cache/protocol';
import { AgentFailureError, AgentNotRunningError } from '../errors.ts';
import { EXIT, exitCodeOf } from '../exit-codes.ts';
import { printableLine } from '../format.ts';
import { JobClient } from '../job-client.ts';
import type { JobVerb } from '../job-client.ts';
import { reportError } from '../report-error.ts';
import { say } from '../terminal.ts';

/**
 * `peer-cache job suspend|resume|complete|cancel JOB...`: one after the other; the exit code is that
 * of the first failure. In JSON, a line for each job.
 */
export async function jobAction(
  verb: JobVerb | 'complete',
  jobs: readonly string[],
  { json = false }: { readonly json?: boolean },
): Promise<number> {
  const client = new JobClient(controlSocketPath(process.env));
  let exitCode: number = EXIT.ok;
  for (const job of jobs) {
    try {
      const code =
        verb === 'complete'
          ? tellCompletion(job, await client.complete(job), { json })
          : await act(client, { job, verb, json });
      exitCode ||= code;
    } catch (error) {
      if (error instanceof AgentNotRunningError) throw error;
      reportError(error);
      exitCode ||= exitCodeOf(error);
    }
  }
  return exitCode;
}

async function act(
  client: JobClient,
  { job, verb, json }: { readonly job: string; readonly verb: JobVerb; readonly json: boolean },
): Promise<number> {
  const details = await client.act(job, verb);
  say(json ? JSON.stringify(details) : `${printableLine(details.name)} is ${details.state}`);
  return EXIT.ok;
}

function tellCompletion(
  job: string,
  report: CompletionReport,
  { json }: { readonly json: boolean },
): number {
  const { state, released, dropped, failures } = report;
  if (json) say(JSON.stringify({ job, ...report }));
  else {
    for (const path of released) say(printableLine(path));
    for (const path of dropped) say(`given up, it was not transferred: ${printableLine(path)}`);
    say(`${printableLine(job)} is ${state}`);
  }
  const errors = failures.map((failure) => new AgentFailureError(failure));
  for (const error of errors) reportError(error);
  return errors.length === 0 ? EXIT.ok : exitCodeOf(errors[0]);
}
