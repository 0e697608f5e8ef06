/** Counts of this machine at a moment, all growing since something was started. */
export interface UseSample {
  readonly atMs: number;
  /** Of all processors together. */
  readonly cpuMs: number;
  readonly idleCpuMs: number;
  /** Of that, what this process took. */
  readonly ownCpuMs: number;
  /** What this process gave to peers. */
  readonly servedBytes: number;
  /** Of each interface that peers are served on and that tells how fast it is. */
  readonly sending: readonly SendingSample[];
}

export interface SendingSample {
  readonly interfaceName: string;
  readonly sentBytes: number;
  readonly bytesPerSecond: number;
}

/** What others than this process take of the machine, each from 0 to 1. */
export interface OthersUse {
  readonly cpu: number;
  readonly sending: number;
}

/** With a quarter left, the machine is nobody's bottleneck. */
const BUSY_FROM = 0.75;
const NONE: OthersUse = { cpu: 0, sending: 0 };

/** What others took between two moments. */
export function othersUse(before: UseSample, now: UseSample): OthersUse {
  const seconds = (now.atMs - before.atMs) / 1000;
  const cpuMs = now.cpuMs - before.cpuMs;
  if (seconds <= 0 || cpuMs <= 0) return NONE;
  const othersCpuMs = cpuMs - (now.idleCpuMs - before.idleCpuMs) - (now.ownCpuMs - before.ownCpuMs);
  // By which interface we served is not known: of each, all of it is taken for ours, so that two
  // that serve are rather taken for idle than each other's traffic for a stranger's.
  const servedBytes = now.servedBytes - before.servedBytes;
  const shares = now.sending.map(({ interfaceName, sentBytes, bytesPerSecond }) => {
    const earlier = before.sending.find((each) => each.interfaceName === interfaceName);
    const othersBytes = sentBytes - (earlier?.sentBytes ?? sentBytes) - servedBytes;
    return share(othersBytes / (bytesPerSecond * seconds));
  });
  return { cpu: share(othersCpuMs / cpuMs), sending: Math.max(0, ...shares) };
}

/** The use of some time, of which the latest counts as much as all before. */
export function smoothed(before: OthersUse | undefined, latest: OthersUse): OthersUse {
  if (before === undefined) return latest;
  return {
    cpu: (before.cpu + latest.cpu) / 2,
    sending: (before.sending + latest.sending) / 2,
  };
}

/**
 * How much of what is usual may be under way to peers at once, from 0 to 1. The server gives some
 * answers at once however little it is: a swarm must not starve because everybody works.
 */
export function servingShare({ cpu, sending }: OthersUse): number {
  return share((1 - Math.max(cpu, sending)) / (1 - BUSY_FROM));
}

function share(value: number): number {
  return Math.max(0, Math.min(1, value));
}
