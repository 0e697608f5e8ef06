import process from 'node:process';
import { controlSocketPath } from '@peer-cache/agent';
import { EXIT } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { JobClient } from '../job-client.ts';
import { say, viewOptionsFor } from '../terminal.ts';
import { whyView } from '../why-view.ts';

/** `peer-cache why JOB`: what exactly a job waits for, and when it will be tried. */
export async function why(
  job: string,
  { json = false }: { readonly json?: boolean },
): Promise<ExitCode> {
  const explanation = await new JobClient(controlSocketPath(process.env)).why(job);
  const options = { ...viewOptionsFor(process.stdout), nowMs: Date.now() };
  say(json ? JSON.stringify(explanation) : whyView(explanation, options).join('\n'));
  return EXIT.ok;
}
