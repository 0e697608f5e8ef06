import process from 'node:process';
import { controlSocketPath } from '@peer-cache/agent';
import type { Retarget } from '@peer-cache/protocol';
import { UsageError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { printableLine } from '../format.ts';
import { checkUrl } from '../given-files.ts';
import { JobClient } from '../job-client.ts';
import { tellHowToTry } from '../job-words.ts';
import { say } from '../terminal.ts';

export interface JobRetargetOptions {
  readonly file?: number;
  readonly url?: string;
  readonly prefix?: readonly string[];
  readonly json?: boolean;
}

/** `peer-cache job retarget JOB`: changes the URL of one file, or the start of all that have it. */
export async function jobRetarget(job: string, options: JobRetargetOptions): Promise<ExitCode> {
  const client = new JobClient(controlSocketPath(process.env));
  const details = await client.retarget(job, retargetOf(options));
  if (options.json === true) say(JSON.stringify(details));
  else {
    say(`${printableLine(details.name)} is ${details.state} and has new addresses`);
    tellHowToTry(details);
  }
  return EXIT.ok;
}

function retargetOf({ file, url, prefix }: JobRetargetOptions): Retarget {
  if (prefix === undefined) {
    if (file === undefined || url === undefined) {
      throw new UsageError('expected --file INDEX --url URL, or --prefix OLD NEW');
    }
    checkUrl(url);
    return { fileIndex: file, url };
  }
  const [oldPrefix, newPrefix, more] = prefix;
  const isOnly = file === undefined && url === undefined && more === undefined;
  if (oldPrefix === undefined || newPrefix === undefined || !isOnly) {
    throw new UsageError('--prefix expects OLD NEW and goes with no other option');
  }
  checkUrl(newPrefix);
  return { oldPrefix, newPrefix };
}
