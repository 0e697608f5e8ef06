import { basename } from 'node:path';
import process from 'node:process';
import { controlSocketPath } from '@peer-cache/agent';
import type { JobDetails, JobFileRequest } from '@peer-cache/protocol';
import { UsageError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { filesOf } from '../given-files.ts';
import type { FileOptions } from '../given-files.ts';
import { StandardInput } from '../given-input.ts';
import { secretsOf } from '../given-secrets.ts';
import type { SecretOptions } from '../given-secrets.ts';
import {
  checkAuthorities,
  hasTransport,
  settingsOf,
  transportOf,
  USUAL_TRANSPORT,
} from '../given-settings.ts';
import type { SettingOptions } from '../given-settings.ts';
import { kindOf, uploadsOf } from '../given-uploads.ts';
import type { UploadOptions } from '../given-uploads.ts';
import { JobClient } from '../job-client.ts';
import { say, tell } from '../terminal.ts';
import { waitForJob } from '../wait-for-job.ts';

export interface JobCreateOptions
  extends FileOptions, UploadOptions, SettingOptions, SecretOptions {
  readonly suspended?: boolean;
  readonly wait?: boolean;
  readonly json?: boolean;
}

const MOST_NAME_CHARACTERS = 256;

/**
 * `peer-cache job create URL`, or `--upload URL FILE...`: prints the ID of a job that the agent goes
 * on with by itself.
 */
export async function jobCreate(
  named: readonly string[],
  options: JobCreateOptions,
): Promise<number> {
  const { suspended = false, wait = false, json = false } = options;
  if (wait && suspended) {
    throw new UsageError('--wait would wait for ever for a job that is --suspended');
  }
  await checkAuthorities(options);
  const input = new StandardInput();
  const files = await jobFilesOf(named, options, input);
  const secrets = await secretsOf(options, { input, url: files[0]?.url });
  const transport = hasTransport(options) ? transportOf(options, USUAL_TRANSPORT) : undefined;
  const client = new JobClient(controlSocketPath(process.env));
  const job = await client.create({
    ...settingsOf(options),
    name: nameOf(options, files),
    files,
    resume: files.length > 0 && !suspended,
    ...(options.upload === undefined ? {} : { kind: kindOf(options) }),
    ...(transport === undefined ? {} : { transport }),
    ...(secrets === undefined ? {} : { secrets }),
  });
  // With --wait the job is told when it ended.
  if (!json || !wait) say(json ? JSON.stringify(job) : job.id);
  if (wait) return await waitForJob(client, job.id, { stream: process.stderr, json });
  if (!json) tellNext(job);
  return EXIT.ok;
}

async function jobFilesOf(
  named: readonly string[],
  options: JobCreateOptions,
  input: StandardInput,
): Promise<JobFileRequest[]> {
  const uploads = await uploadsOf(named, options);
  if (uploads !== undefined) return uploads;
  const [url, ...more] = named;
  if (more.length === 0) return await filesOf(url, options, input);
  throw new UsageError('a job fetches one URL, or those of --files-from; --upload sends files');
}

function nameOf({ name, filesFrom }: JobCreateOptions, files: readonly JobFileRequest[]): string {
  if (name !== undefined) return name;
  const [first] = files;
  if (first === undefined) {
    throw new UsageError('a URL is missing; a job without files needs a --name');
  }
  if (first.upload !== undefined) return basename(first.path).slice(0, MOST_NAME_CHARACTERS);
  const isListed = filesFrom !== undefined && filesFrom !== '-';
  const made = basename(isListed ? filesFrom : first.path);
  return made.slice(0, MOST_NAME_CHARACTERS);
}

function tellNext({ id, kind, state, files, settings }: JobDetails): void {
  const [short = ''] = id.split('-');
  if (files.length === 0) tell(`  add files: peer-cache job add ${short} URL`);
  else if (state === 'suspended') tell(`  set it going: peer-cache job resume ${short}`);
  else if (settings.autoComplete) tell(`  see how it goes: peer-cache job watch ${short}`);
  else {
    tell(`  see how it goes:      peer-cache job watch ${short}`);
    const when = kind === 'upload' ? 'when all is sent:     ' : 'when all is here:     ';
    tell(`  ${when}peer-cache job complete ${short}`);
  }
}
