import { ip } from '../../../packages/discovery/test/helpers/namespaces.ts';
import type { LanHost } from '../../../packages/discovery/test/helpers/namespaces.ts';
import { childrenCpuSeconds, cpuSeconds } from '../../bench/measure.ts';

export interface LinkBytes {
  readonly received: number;
  readonly sent: number;
}

/** On a machine with far too much to do, `ip` was seen to print nothing and to call it a success. */
const MOST_ATTEMPTS = 3;

/** Bytes that an interface has seen so far, frames included. */
export async function linkBytes(namespace: string, name: string): Promise<LinkBytes> {
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    const shown = await ip('-n', namespace, '-s', '-j', 'link', 'show', name);
    if (shown === '') continue;
    const { rx, tx } = JSON.parse(shown)[0].stats64;
    return { received: rx.bytes, sent: tx.bytes };
  }
  throw new Error(`ip tells nothing of ${name} in ${namespace}`);
}

/** Multicast packets that a host has sent so far, IPv4 and IPv6, those of the kernel included. */
export async function sentMulticasts(host: LanHost): Promise<number> {
  const text = await host.run('cat', '/proc/net/netstat', '/proc/net/snmp6');
  const [names = [], values = []] = text
    .split('\n')
    .filter((line) => line.startsWith('IpExt:'))
    .map((line) => line.split(' '));
  const ipv4 = Number(values[names.indexOf('OutMcastPkts')]);
  const ipv6 = Number(/^Ip6OutMcastPkts\s+(\d+)/m.exec(text)?.[1]);
  return ipv4 + ipv6;
}

/** CPU seconds, so far, of all that runs on a host, and of what it has waited for. */
export async function hostCpuSeconds({ namespace }: LanHost): Promise<number> {
  const pids = (await ip('netns', 'pids', namespace)).split('\n').filter(Boolean);
  let sum = 0;
  for (const pid of pids) {
    try {
      sum += cpuSeconds(Number(pid)) + childrenCpuSeconds(Number(pid));
    } catch {
      // It has just ended.
    }
  }
  return sum;
}
