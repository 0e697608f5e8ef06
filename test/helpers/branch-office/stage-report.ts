import type { Counted } from './counting.ts';
import type { Measures } from './measures.ts';
import type { RunReport } from './run-report.ts';
import { isSameFile } from './same-file.ts';
import type { Stage } from './stage.ts';
import { lyingOf, remarkOf, silenceOf } from './stranger-talk.ts';
import type { StrangerTalk } from './stranger-talk.ts';
import type { Transfer } from './transfer.ts';

export interface Observed {
  readonly counted: Counted;
  readonly talks: readonly StrangerTalk[];
}

/** Compares every file with the original, and tells what was measured. */
export async function reportOf(stage: Stage, { counted, talks }: Observed): Promise<RunReport> {
  const problems = talks.flatMap((talk) => silenceOf(talk) ?? []);
  for (const [agent, transfer] of stage.transfers) {
    if (stage.killed.has(agent)) continue;
    const problem = await problemOf(transfer, stage.content.file.path);
    if (problem !== undefined) problems.push(`${agent.host.address} ${problem}`);
  }
  const transfers = [...stage.transfers.values()];
  return {
    measures: {
      ...(transfers.length > 0 && transferMeasures(stage, counted)),
      ...lyingOf(talks),
      wrong: problems.length,
      ...stage.measures,
    },
    hostSeconds: transfers.map(({ endedMs }) => (endedMs - counted.startMs) / 1000),
    problems,
    remarks: talks.map(remarkOf),
  };
}

async function problemOf(transfer: Transfer, original: string): Promise<string | undefined> {
  const { ending, message, doneBytes, path } = transfer;
  if (ending !== 'done') return `${ending} after ${doneBytes} bytes: ${message}`;
  return (await isSameFile(path, original)) ? undefined : 'has wrong bytes';
}

function transferMeasures(stage: Stage, counted: Counted): Measures {
  const { sizeBytes } = stage.content.file;
  const all = [...stage.transfers.values()];
  const living = [...stage.transfers].filter(([agent]) => !stage.killed.has(agent));
  const watched = living.flatMap(([agent, each]) => (stage.setApart.has(agent) ? [] : [each]));
  const lastMs = Math.max(...watched.map(({ endedMs }) => endedMs)) - counted.startMs;
  const fromPeers = sumOf(all, ({ bytes }) => bytes.peers);
  const ended = living.map(([, each]) => each);
  const received = sumOf(ended, ({ bytes }) => bytes.store + bytes.peers + bytes.origin);
  const wanted = sumOf(ended, ({ doneBytes }) => doneBytes);
  return {
    copies: counted.wanBytes / sizeBytes,
    time: (lastMs - stage.office.wan.downMs) / 1000 / stage.idealSeconds,
    cpu: counted.cpuSeconds,
    stall: Math.max(...watched.map(({ longestStallMs }) => longestStallMs)) / 1000,
    twice: Math.max(0, received - wanted) / wanted,
    ...(fromPeers > 0 && { lan: counted.lanBytes / fromPeers }),
  };
}

function sumOf<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((sum, item) => sum + value(item), 0);
}
