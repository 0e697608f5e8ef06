import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { LanHost } from '../../../packages/discovery/test/helpers/namespaces.ts';
import { startCounting } from './counting.ts';
import { openBranchOffice } from './office.ts';
import type { OtherProgram } from './others/other-program.ts';
import type { RunReport } from './run-report.ts';
import { idealSeconds, timeLimit } from './run-setup.ts';
import type { RunSetup } from './run-setup.ts';
import { isSameFile } from './same-file.ts';
import { serveContent } from './served-content.ts';
import { hostCpuSeconds } from './traffic.ts';

interface Ended {
  readonly path: string;
  readonly endedMs: number;
  readonly problem?: string;
}

/** Has another program bring the content to all hosts at the same moment, and measures the same. */
export async function runOther(
  program: OtherProgram,
  setup: RunSetup & { readonly hosts: number },
): Promise<RunReport> {
  const { hosts, content, downMbit, upMbit } = setup;
  await using office = await openBranchOffice({ hosts, downMbit, upMbit });
  await using _origin = await serveContent(office.wan, content, office.folder);
  await using prepared = await program.prepare({ office, content });
  const folders = office.hosts.map((_, index) => join(office.folder, `h${index + 1}`));
  await Promise.all(folders.map((folder) => mkdir(folder)));
  const late = whenOver(timeLimit(setup, hosts));
  const stopCounting = await startCounting({ office, cpuSeconds: () => cpuOf(office.hosts) });
  const ends = await Promise.all(
    office.hosts.map((host, index) => {
      const path = join(folders[index] ?? office.folder, 'file');
      return endOf(path, Promise.race([prepared.fetch(host, path), late]));
    }),
  );
  const counted = await stopCounting();
  const problems = await problemsOf(ends, content.file.path);
  const hostSeconds = ends.map(({ endedMs }) => (endedMs - counted.startMs) / 1000);
  return {
    measures: {
      copies: counted.wanBytes / content.file.sizeBytes,
      time: Math.max(...hostSeconds) / idealSeconds(setup),
      cpu: counted.cpuSeconds,
      wrong: problems.length,
    },
    hostSeconds,
    problems,
    remarks: [],
  };
}

async function endOf(path: string, fetched: Promise<void>): Promise<Ended> {
  try {
    await fetched;
    return { path, endedMs: performance.now() };
  } catch (error) {
    const problem = error instanceof Error ? error.message : 'failed';
    return { path, endedMs: Number.NaN, problem };
  }
}

async function problemsOf(ends: readonly Ended[], original: string): Promise<string[]> {
  const problems = await Promise.all(
    ends.map(async ({ path, problem }) => {
      if (problem !== undefined) return problem;
      return (await isSameFile(path, original)) ? [] : `${path} has wrong bytes`;
    }),
  );
  return problems.flat();
}

async function cpuOf(hosts: readonly LanHost[]): Promise<number> {
  const each = await Promise.all(hosts.map(hostCpuSeconds));
  return each.reduce((sum, seconds) => sum + seconds, 0);
}

/** Rejects when the time is over. */
async function whenOver(signal: AbortSignal): Promise<never> {
  return await new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('was too late')), { once: true });
  });
}
