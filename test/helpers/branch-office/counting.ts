import type { BranchOffice } from './office.ts';

export interface Watched {
  readonly office: BranchOffice;
  /** CPU seconds so far of whatever does the work. */
  readonly cpuSeconds: () => Promise<number>;
}

export interface Counted {
  readonly startMs: number;
  readonly wanBytes: number;
  readonly lanBytes: number;
  readonly cpuSeconds: number;
}

/** Starts the clock; what is returned stops it and tells what was counted since. */
export async function startCounting(watched: Watched): Promise<() => Promise<Counted>> {
  const before = await countsOf(watched);
  const startMs = performance.now();
  return async () => {
    const after = await countsOf(watched);
    return {
      startMs,
      wanBytes: after.wanBytes - before.wanBytes,
      lanBytes: after.lanBytes - before.lanBytes,
      cpuSeconds: after.cpuSeconds - before.cpuSeconds,
    };
  };
}

async function countsOf({ office, cpuSeconds }: Watched) {
  const [wanBytes, lanBytes, seconds] = await Promise.all([
    office.wan.receivedBytes(),
    office.lanBytes(),
    cpuSeconds(),
  ]);
  return { wanBytes, lanBytes, cpuSeconds: seconds };
}
