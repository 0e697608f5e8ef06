import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { MIB } from '@peer-cache/core';
import { createMemoryBlockStore } from '@peer-cache/store';
import { AgentHome } from '../agent-process.ts';
import { fill } from '../described.ts';
import { startFlakyOrigin } from '../flaky-origin.ts';
import type { OriginContent, OriginFault } from '../flaky-origin.ts';
import { startFlakyPeer } from '../flaky-peer.ts';
import type { FlakyPeer } from '../flaky-peer.ts';
import { temporaryFolder } from '../parts.ts';
import { seededRandom } from '../power-cut/seeded-random.ts';
import { SentLog } from '../sent-log.ts';
import { AgentLives } from './agent-lives.ts';
import { checkResult } from './check-result.ts';
import type { TortureResult } from './check-result.ts';
import { JobKeeper } from './job-keeper.ts';
import { planTorture } from './torture-plan.ts';

/** Of each answer of the origin, one added to the other: a block comes by a dozen of them. */
const FAULT_CHANCES: readonly (readonly [fault: OriginFault, upTo: number])[] = [
  ['busy', 0.015],
  ['failed', 0.03],
  ['cut', 0.06],
  ['stalls', 0.07],
  ['slow', 0.085],
];

/** A round with its seed: jobs, faults and kills, until every job is completed; what came of it. */
export async function tortureRound(
  seed: number,
  contents: ReadonlyMap<string, OriginContent>,
): Promise<TortureResult> {
  await using stack = new AsyncDisposableStack();
  const plan = planTorture(seed, [...contents.keys()]);
  const random = seededRandom(seed + 1);
  const { path: folder } = stack.use(await temporaryFolder());
  const downloads = join(folder, 'downloads');
  await mkdir(downloads);
  const sent = new SentLog();
  const servers = { contents, random, sent };
  const origin = stack.use(await startFlakyOrigin({ ...servers, nextFault: faults(random) }));
  const peers = [stack.use(await startPeer(servers)), stack.use(await startPeer(servers))];
  const home = await AgentHome.create(folder);
  const lives = new AgentLives(home, peers, sent);
  const keeping = {
    client: home.client,
    random,
    url: origin.url,
    pathOf: (content: string): string => join(downloads, content),
    onCompleting: (): void => lives.completing(),
  };
  const keepers = plan.jobs.map((job) => new JobKeeper(keeping, job));
  const startedMs = performance.now();
  await lives.live(keepers, plan.kills);
  const ms = performance.now() - startedMs;
  const fetched = new Map(keepers.map((job) => [job.plan.name, job.fetchedBytes]));
  const facts = { seed, ms, kills: lives.kills, fetched };
  return await checkResult({ plan, contents, downloads, sent }, facts);
}

function faults(random: () => number): () => OriginFault {
  return () => {
    const drawn = random();
    return FAULT_CHANCES.find(([, upTo]) => drawn < upTo)?.[0] ?? 'none';
  };
}

interface Servers {
  readonly contents: ReadonlyMap<string, OriginContent>;
  readonly random: () => number;
  readonly sent: SentLog;
}

/** A peer that holds about half of the blocks of every content that can be shared. */
async function startPeer({ contents, random, sent }: Servers): Promise<FlakyPeer> {
  const store = createMemoryBlockStore({}, { limitBytes: 256 * MIB });
  for (const { described, bytes } of contents.values()) {
    // The smallest contents come within their content information.
    if (described === undefined || bytes.length <= 1024) continue;
    await fill(store, described, () => random() < 0.5);
  }
  return await startFlakyPeer({ store, sent, nextStayMs: () => 500 + random() * 3500 });
}
