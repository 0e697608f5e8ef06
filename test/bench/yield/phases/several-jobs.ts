import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JobPriority } from '@peer-cache/protocol';
import type { AgentHost } from '../../../helpers/branch-office/agent-host.ts';
import { leakOf, unevennessOf } from '../job-shares.ts';
import type { Sample } from '../samples.ts';
import { comparedSeconds } from '../timetable.ts';
import type { YieldMeasures } from '../yield-measures.ts';
import { BACKGROUND, startAgentOn } from '../yield-site.ts';
import type { YieldSite } from '../yield-site.ts';

const POLL_MS = 100;
/** More than any order of the jobs takes, if the link is used. */
const MOST_PHASES = 4.5;
/** Both have work for two phases' length of the whole link, and are compared for most of it. */
const EQUALS_RAMP_SECONDS = 2;

interface StartedJobs extends AsyncDisposable {
  readonly agent: AgentHost;
  /** In the order in which they were asked for. */
  readonly jobs: readonly StartedJob[];
}

interface StartedJob {
  readonly id: string;
  readonly sizeBytes: number;
  readonly samples: Sample[];
}

/** Three jobs of one host, of different priorities. */
export async function measurePriorities(site: YieldSite): Promise<YieldMeasures> {
  await using started = await startJobs(site, ['high', 'normal', 'low']);
  const startMs = performance.now();
  await follow(started, {
    seconds: MOST_PHASES * site.seconds,
    isOver: () => started.jobs.slice(0, -1).every(isDone),
  });
  return { leak: leakOf(started.jobs, startMs) };
}

/** Two jobs of one host, of the same priority. */
export async function measureEquals(site: YieldSite): Promise<YieldMeasures> {
  await using started = await startJobs(site, ['normal', 'normal']);
  const seconds = comparedSeconds(site.seconds);
  const startMs = performance.now() + EQUALS_RAMP_SECONDS * 1000;
  await follow(started, { seconds: EQUALS_RAMP_SECONDS + seconds, isOver: () => false });
  return { uneven: unevennessOf(started.jobs, { startMs, endMs: startMs + seconds * 1000 }) };
}

/** A job for each priority, of a content of its own each; the first is resumed first. */
async function startJobs(
  site: YieldSite,
  priorities: readonly JobPriority[],
): Promise<StartedJobs> {
  const { office, content } = site;
  await using stack = new AsyncDisposableStack();
  const agent = stack.use(await startAgentOn(site, BACKGROUND));
  const { client, folder } = agent.home;
  const jobs: StartedJob[] = [];
  for (const [index, priority] of priorities.entries()) {
    const { name, sizeBytes } = content.parts[index] ?? content.file;
    const files = [{ url: `${office.wan.originUrl}/${name}`, path: join(folder, name) }];
    // Nobody completes them: what is completed is listed no more.
    const { id } = await client.create({ name, priority, files });
    jobs.push({ id, sizeBytes, samples: [] });
  }
  for (const { id } of jobs) await client.do('resume', id);
  const parts = stack.move();
  return { agent, jobs, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}

interface Following {
  readonly seconds: number;
  readonly isOver: () => boolean;
}

/** Notes what each job has, until it is over or the time is. */
async function follow({ agent, jobs }: StartedJobs, { seconds, isOver }: Following) {
  const endMs = performance.now() + seconds * 1000;
  while (performance.now() < endMs && !isOver()) {
    const listed = await agent.home.client.list();
    const ms = performance.now();
    for (const { id, samples } of jobs) {
      const job = listed.find((each) => each.id === id);
      if (job?.error !== undefined) throw new Error(`a job of several: ${job.error.message}`);
      if (job !== undefined) samples.push({ ms, bytes: job.doneBytes });
    }
    await sleep(POLL_MS);
  }
}

function isDone({ sizeBytes, samples }: StartedJob): boolean {
  return (samples.at(-1)?.bytes ?? 0) >= sizeBytes;
}
