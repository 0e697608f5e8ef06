import process from 'node:process';
import { controlSocketPath } from '@peer-cache/agent';
import type { JobPage, JobState, JobSummary } from '@peer-cache/protocol';
import { UsageError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { JobClient } from '../job-client.ts';
import { jobListView } from '../job-table.ts';
import { STATE_ORDER } from '../job-words.ts';
import { say, viewOptionsFor } from '../terminal.ts';

export interface JobListOptions {
  readonly state?: string;
  readonly limit?: number;
  readonly allPages?: boolean;
  readonly json?: boolean;
}

/** As much as a person reads; the first page of 10,000 jobs takes as long as that of 100. */
const USUAL_LIMIT = 100;
const MOST_PER_PAGE = 1000;

/** `peer-cache job list`: a page of jobs, or all. */
export async function jobList(options: JobListOptions): Promise<ExitCode> {
  const { state, limit = USUAL_LIMIT, allPages = false, json = false } = options;
  const states = state === undefined ? undefined : parseStates(state);
  const client = new JobClient(controlSocketPath(process.env));
  const most = allPages ? Infinity : limit;
  const page = await pagesOf(client, states, most);
  say(json ? JSON.stringify(page) : jobListView(page, viewOptionsFor(process.stdout)).join('\n'));
  return EXIT.ok;
}

/** @throws {UsageError} */
function parseStates(text: string): JobState[] {
  return text.split(',').map((word) => {
    const state = STATE_ORDER.find((each) => each === word.trim());
    if (state !== undefined) return state;
    throw new UsageError(`${word.trim()} is no state; there are ${STATE_ORDER.join(', ')}`);
  });
}

/** As many pages as it takes, as one. */
async function pagesOf(
  client: JobClient,
  states: readonly JobState[] | undefined,
  most: number,
): Promise<JobPage> {
  const jobs: JobSummary[] = [];
  for (let after: string | undefined; ;) {
    const limit = Math.min(MOST_PER_PAGE, most - jobs.length);
    const page = await client.list({ states, limit, after });
    jobs.push(...page.jobs);
    const { total, next } = page;
    if (next === undefined || jobs.length >= most) return { jobs, total, next };
    after = next;
  }
}
