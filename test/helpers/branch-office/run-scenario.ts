import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AgentHost } from './agent-host.ts';
import { startCounting } from './counting.ts';
import { openBranchOffice } from './office.ts';
import type { BranchOffice } from './office.ts';
import type { RunReport } from './run-report.ts';
import { idealSeconds, timeLimit } from './run-setup.ts';
import type { RunSetup } from './run-setup.ts';
import type { Scenario } from './scenario.ts';
import { serveContent } from './served-content.ts';
import { reportOf } from './stage-report.ts';
import { allEnded, Stage } from './stage.ts';
import { talkWith } from './stranger-talk.ts';
import { startStrangers } from './strangers.ts';

/** After its start an agent tells the LAN of itself a few times. */
const SETTLE_MS = 2000;
const MIB = 2 ** 20;

/** Builds the office, plays the scenario with real agents, and measures. */
export async function runScenario(scenario: Scenario, setup: RunSetup): Promise<RunReport> {
  const { strangers = [], latecomers = 0, lanMbit = 1000, urgency = 'foreground' } = scenario;
  const { content, downMbit, upMbit, hosts = scenario.hosts } = setup;
  const count = hosts + latecomers + strangers.length;
  await using office = await openBranchOffice({ hosts: count, downMbit, upMbit, lanMbit });
  await using _origin = await serveContent(office.wan, content, office.folder);
  const running = await startStrangers(strangers, office, content.file.name);
  await using stack = new AsyncDisposableStack();
  const all = await makeAgents(office, count - strangers.length, setup);
  for (const agent of all) stack.use(agent);
  const parts = {
    office,
    content,
    agents: all.slice(0, hosts),
    latecomers: all.slice(hosts),
    idealSeconds: idealSeconds(setup),
  };
  await Promise.all(parts.agents.map((agent) => agent.startAgent()));
  await sleep(SETTLE_MS);
  const signal = timeLimit(setup, count);
  const stage = new Stage(parts, { urgency, signal });
  const stopCounting = await startCounting({ office, cpuSeconds: () => cpuOf(all) });
  await scenario.play(stage);
  await allEnded(stage.transfers.values());
  const counted = await stopCounting();
  const talks = await Promise.all(running.map(talkWith));
  const report = await reportOf(stage, { counted, talks });
  if (setup.logFolder !== undefined) await writeLogs(all, setup.logFolder, scenario.name);
  return report;
}

async function makeAgents(
  { hosts, folder, wan }: BranchOffice,
  count: number,
  { bin, content }: RunSetup,
): Promise<AgentHost[]> {
  const limitMib = Math.ceil((2 * content.file.sizeBytes) / MIB) + 64;
  const set = [`origins.sidecars=${wan.originUrl}`, `store.limit=${limitMib} MiB`];
  return await Promise.all(
    hosts
      .slice(0, count)
      .map((host, index) => AgentHost.create(host, join(folder, `h${index + 1}`), { bin, set })),
  );
}

async function cpuOf(agents: readonly AgentHost[]): Promise<number> {
  const each = await Promise.all(agents.map((agent) => agent.cpuSeconds()));
  return each.reduce((sum, seconds) => sum + seconds, 0);
}

async function writeLogs(agents: readonly AgentHost[], folder: string, name: string) {
  for (const [index, agent] of agents.entries()) {
    await writeFile(join(folder, `${name}-h${index + 1}.log`), agent.logTail());
  }
}
