import process from 'node:process';
import { controlSocketPath } from '@peer-cache/agent';
import { EXIT } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { JobClient } from '../job-client.ts';
import { writeAll } from '../write-all.ts';

/** `peer-cache job reply JOB`: what the server answered, to standard output, as it is. */
export async function jobReply(job: string): Promise<ExitCode> {
  const { base64 } = await new JobClient(controlSocketPath(process.env)).reply(job);
  await writeAll(process.stdout, Buffer.from(base64, 'base64'));
  return EXIT.ok;
}
