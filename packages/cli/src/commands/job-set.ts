import process from 'node:process';
import { controlSocketPath } from '@peer-cache/agent';
import type { JobChanges } from '@peer-cache/protocol';
import { UsageError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { printableLine } from '../format.ts';
import { StandardInput } from '../given-input.ts';
import { secretsOf } from '../given-secrets.ts';
import type { SecretOptions } from '../given-secrets.ts';
import { checkAuthorities, hasTransport, settingsOf, transportOf } from '../given-settings.ts';
import type { SettingOptions } from '../given-settings.ts';
import { JobClient } from '../job-client.ts';
import { tellHowToTry } from '../job-words.ts';
import { say } from '../terminal.ts';

/** Settings as their options are called, where that is another word. */
const WORDS: Readonly<Record<string, string>> = {
  minimumRetryDelaySeconds: 'retry delay',
  noProgressTimeoutSeconds: 'progress timeout',
  maximumDownloadSeconds: 'max time',
  autoComplete: 'auto-complete',
  costPolicy: 'cost policy',
};

/** `peer-cache job set JOB`: changes what is named, and leaves the rest. */
export async function jobSet(
  job: string,
  options: SettingOptions & SecretOptions & { readonly json?: boolean },
): Promise<ExitCode> {
  const client = new JobClient(controlSocketPath(process.env));
  await checkAuthorities(options);
  const changes = await changesOf(client, job, options);
  if (Object.keys(changes).length === 0) {
    throw new UsageError('nothing to set; peer-cache job set --help lists what can be');
  }
  const details = await client.set(job, changes);
  if (options.json === true) say(JSON.stringify(details));
  else {
    const names = Object.keys(changes).map((name) => WORDS[name] ?? name);
    say(`${printableLine(details.name)} is ${details.state}; changed: ${names.join(', ')}`);
    tellHowToTry(details);
  }
  return EXIT.ok;
}

/** The way to the origins is one setting: what is not named of it comes from the job. */
async function changesOf(
  client: JobClient,
  job: string,
  options: SettingOptions & SecretOptions,
): Promise<JobChanges> {
  const needsJob = hasTransport(options) || options.netrc === true;
  const details = needsJob ? await client.details(job) : undefined;
  const url = details?.files[0]?.url;
  const secrets = await secretsOf(options, { input: new StandardInput(), url });
  const before = details?.settings.transport;
  return {
    ...settingsOf(options),
    ...(hasTransport(options) && before !== undefined
      ? { transport: transportOf(options, before) }
      : {}),
    ...(secrets === undefined ? {} : { secrets }),
  };
}
