import process from 'node:process';
import { controlSocketPath } from '@peer-cache/agent';
import { UsageError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { formatCount, printableLine } from '../format.ts';
import { filesOf } from '../given-files.ts';
import type { FileOptions } from '../given-files.ts';
import { StandardInput } from '../given-input.ts';
import { JobClient } from '../job-client.ts';
import { say } from '../terminal.ts';

/** `peer-cache job add JOB URL`: gives a job more files; it goes on with them at once. */
export async function jobAdd(
  { job, url }: { readonly job: string; readonly url: string | undefined },
  options: FileOptions & { readonly json?: boolean },
): Promise<ExitCode> {
  const files = await filesOf(url, options, new StandardInput());
  if (files.length === 0) throw new UsageError('a URL or --files-from is missing');
  const details = await new JobClient(controlSocketPath(process.env)).addFiles(job, { files });
  const { name, state, fileCount } = details;
  const text = `${printableLine(name)} has ${formatCount(fileCount, 'file')} now and is ${state}`;
  say(options.json === true ? JSON.stringify(details) : text);
  return EXIT.ok;
}
