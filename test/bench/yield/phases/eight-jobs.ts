import { setTimeout as sleep } from 'node:timers/promises';
import type { AgentHost } from '../../../helpers/branch-office/agent-host.ts';
import type { ServedFile } from '../../../helpers/branch-office/served-content.ts';
import type { Transfer } from '../../../helpers/branch-office/transfer.ts';
import { downloadFor } from '../foreground.ts';
import { mbitWithin, quantile } from '../samples.ts';
import { foregroundSeconds, PAUSE_SECONDS } from '../timetable.ts';
import type { YieldMeasures } from '../yield-measures.ts';
import { EIGHT, FOREGROUND, hostOf, startAgentOn } from '../yield-site.ts';
import type { YieldSite } from '../yield-site.ts';
import { aloneSpan } from './first-bytes.ts';
import type { IdleOffice } from './idle.ts';

interface Noticed {
  readonly alone: number;
  readonly foreground: number;
  readonly latency: number;
}

/** A job on each of eight hosts, each of another content: eight that don't know of each other. */
export async function measureEightJobs(site: YieldSite, idle: IdleOffice): Promise<YieldMeasures> {
  const { alone, foreground, latency } = await measureEight(site, site.content.parts, idle);
  return { eightAlone: alone, eightForeground: foreground, eightLatency: latency };
}

/** The same with one content for all, so that they share the work and the LAN is busy. */
export async function measureEightSharing(
  site: YieldSite,
  idle: IdleOffice,
): Promise<YieldMeasures> {
  const same = EIGHT.map(() => site.content.file);
  const { alone, foreground, latency } = await measureEight(site, same, idle);
  return { sameAlone: alone, sameForeground: foreground, sameLatency: latency };
}

async function measureEight(
  site: YieldSite,
  files: readonly ServedFile[],
  idle: IdleOffice,
): Promise<Noticed> {
  const { office, watch, user, seconds } = site;
  await using stack = new AsyncDisposableStack();
  const agents = await Promise.all(EIGHT.map((index) => startAgentOn(site, index)));
  for (const agent of agents) stack.use(agent);
  await sleep(PAUSE_SECONDS * 1000);
  const stop = new AbortController();
  stack.defer(() => stop.abort());
  const transfers = startJobs(site, { agents, files, signal: stop.signal });
  const alone = await aloneSpan(site);
  await sleep(alone.startMs - performance.now());
  const connects = await user.connects(seconds);
  const host = hostOf(office, FOREGROUND);
  const person = await downloadFor(host, office.wan.originUrl, foregroundSeconds(seconds));
  refuseEnded(transfers);
  return {
    alone: mbitWithin(watch.wan, alone) / idle.aloneMbit,
    foreground: mbitWithin(watch.host(FOREGROUND), person) / idle.soloMbit,
    latency: quantile(connects, 0.5) - idle.connectMs,
  };
}

interface Jobs {
  readonly agents: readonly AgentHost[];
  readonly files: readonly ServedFile[];
  readonly signal: AbortSignal;
}

function startJobs({ office }: YieldSite, { agents, files, signal }: Jobs): Transfer[] {
  return agents.flatMap((agent, index) => {
    const file = files[index];
    if (file === undefined) return [];
    const url = `${office.wan.originUrl}/${file.name}`;
    return agent.fetch({ url, sizeBytes: file.sizeBytes, urgency: 'background', signal });
  });
}

/** Some of eight may be through; where none has work any more, nothing was measured. */
function refuseEnded(transfers: readonly Transfer[]): void {
  const bad = transfers.find(({ ending }) => ending !== undefined && ending !== 'done');
  if (bad !== undefined) throw new Error(`one of eight jobs: ${bad.ending} ${bad.message}`);
  if (transfers.every(({ ending }) => ending !== undefined)) {
    throw new Error('the eight jobs ended too early');
  }
}
