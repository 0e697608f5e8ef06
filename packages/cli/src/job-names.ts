import process from 'node:process';
import { controlSocketPath } from '@peer-cache/agent';
import type { JobState } from '@peer-cache/protocol';
import type { Candidate } from './completion.ts';
import { printableLine } from './format.ts';
import { JobClient } from './job-client.ts';
import { shortIdLength } from './job-words.ts';

/** A person who pressed Tab does not wait longer. */
const PATIENCE_MS = 700;
const MOST_JOBS = 200;
/** Names that no shell takes for anything else. */
const PLAIN_NAME = /^[\p{L}\p{N}_][\p{L}\p{N}_.+-]*$/u;
const STATES_FOR: Readonly<Record<string, readonly JobState[]>> = {
  suspend: ['queued', 'connecting', 'transferring', 'transient-error', 'error'],
  resume: ['suspended', 'transient-error', 'error'],
};

/** IDs and names of the jobs that a command could be meant for; none when no agent answers soon. */
export async function jobNames(argument: string, command: string): Promise<readonly Candidate[]> {
  if (argument !== 'job') return [];
  try {
    const client = new JobClient(controlSocketPath(process.env));
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const { jobs } = await client.list({ states: STATES_FOR[command], limit: MOST_JOBS, signal });
    const length = shortIdLength(jobs.map(({ id }) => id));
    const names = jobs.map(({ name }) => name);
    return jobs.flatMap(({ id, name, state }) => {
      const short = id.slice(0, length);
      const isUsable = PLAIN_NAME.test(name) && names.indexOf(name) === names.lastIndexOf(name);
      return [
        { value: short, description: `${printableLine(name)}, ${state}` },
        ...(isUsable ? [{ value: name, description: `job ${short}, ${state}` }] : []),
      ];
    });
  } catch {
    // No agent, or none in time: there is nothing to offer, and no place to say why.
    return [];
  }
}
