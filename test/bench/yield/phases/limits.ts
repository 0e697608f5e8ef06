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

/** By how much a job misses its limit, at most, where the limit is set while it runs. */
export async function measureLimits(site: YieldSite): Promise<YieldMeasures> {
  const { office, content, seconds } = site;
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
    const rate = rateOf(await samplesOf(agent, id, seconds));
    misses.push(Math.abs(rate - limit) / limit);
  }
  return { limits: Math.max(...misses) };
}

async function samplesOf(agent: AgentHost, id: string, seconds: number): Promise<Sample[]> {
  const samples: Sample[] = [];
  const endMs = performance.now() + seconds * 1000;
  while (performance.now() < endMs) {
    const job = (await agent.home.client.list()).find((each) => each.id === id);
    if (job !== undefined) samples.push({ ms: performance.now(), bytes: job.doneBytes });
    await sleep(POLL_MS);
  }
  return samples;
}

/** Bytes per second, from one block that came to another: they come whole. */
function rateOf(samples: readonly Sample[]): number {
  const steps = samples.filter(({ bytes }, index) => bytes > (samples[index - 1]?.bytes ?? bytes));
  const [first, last] = [steps[0], steps.at(-1)];
  if (first === undefined || last === undefined || last === first) return Number.NaN;
  return ((last.bytes - first.bytes) / (last.ms - first.ms)) * 1000;
}
