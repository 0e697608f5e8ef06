import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AgentHost } from '../../../helpers/branch-office/agent-host.ts';
import type { Sample } from '../samples.ts';
import type { YieldMeasures } from '../yield-measures.ts';
import { BACKGROUND, startAgentOn } from '../yield-site.ts';
import type { YieldSite } from '../yield-site.ts';

const KIB = 1024;
/** One after the other, each set while the job runs; the last is the least that is promised. */
const LIMITS: readonly number[] = [1024 * KIB, 512 * KIB, 256 * KIB];
/** What was asked for under the limit before is on its way for so long at most. */
const SETTLE_SECONDS = 1;
const POLL_MS = 20;
/** Over which a limit has to hold. */
const SECONDS = 10;

/** By how much a job misses its limit, at most, where the limit is set while it runs. */
export async function measureLimits(site: YieldSite): Promise<YieldMeasures> {
  const { office, content } = site;
  await using agent = await startAgentOn(site, BACKGROUND);
  const { client, folder } = agent.home;
  const { name } = content.file;
  const files = [{ url: `${office.wan.originUrl}/${name}`, path: join(folder, name) }];
  const [first = 0] = LIMITS;
  const { id } = await client.create({ name: 'limited', files, limit: first, resume: true });
  const misses: number[] = [];
  for (const limit of LIMITS) {
    await client.set(id, { limit });
    await sleep(SETTLE_SECONDS * 1000);
    const rate = rateOf(await samplesOf(agent, id));
    misses.push(Math.abs(rate - limit) / limit);
  }
  return { limits: Math.max(...misses) };
}

async function samplesOf(agent: AgentHost, id: string): Promise<Sample[]> {
  const samples: Sample[] = [];
  const endMs = performance.now() + SECONDS * 1000;
  while (performance.now() < endMs) {
    const job = (await agent.home.client.list()).find((each) => each.id === id);
    if (job !== undefined) samples.push({ ms: performance.now(), bytes: job.doneBytes });
    await sleep(POLL_MS);
  }
  return samples;
}

/**
 * Bytes per second: the slope of the line that fits best through the moments at which blocks came.
 * They come whole, and several at a time where several are under way, so that two of those moments
 * alone say little.
 */
function rateOf(samples: readonly Sample[]): number {
  const steps = samples.filter(({ bytes }, index) => bytes > (samples[index - 1]?.bytes ?? bytes));
  const meanMs = meanOf(steps.map(({ ms }) => ms));
  const meanBytes = meanOf(steps.map(({ bytes }) => bytes));
  let shared = 0;
  let spread = 0;
  for (const { ms, bytes } of steps) {
    shared += (ms - meanMs) * (bytes - meanBytes);
    spread += (ms - meanMs) ** 2;
  }
  return (shared / spread) * 1000;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
