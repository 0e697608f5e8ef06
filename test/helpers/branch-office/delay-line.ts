import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ip } from '../../../packages/discovery/test/helpers/namespaces.ts';
import type { LanHost } from '../../../packages/discovery/test/helpers/namespaces.ts';

export interface DelayLine {
  readonly from: LanHost;
  readonly to: LanHost;
  /** The address of `to` that is reached through it. */
  readonly address: string;
  readonly delayMs: number;
}

const PROGRAM = fileURLToPath(new URL('delay.py', import.meta.url));
const ENTRY = 'late0';
const EXIT = 'late1';

/**
 * Delays what one node sends to another, by a program between two TUN devices, for kernels without
 * netem. The way back stays as it is: where few packets go, a constant delay is easier to keep, and
 * to TCP only their sum matters. The program ends with `from`, and both devices with it.
 */
export async function delayPackets({ from, to, address, delayMs }: DelayLine): Promise<void> {
  const program = from.spawn('python3', PROGRAM, ENTRY, EXIT, String(delayMs));
  const ended = once(program, 'exit').then(([code]: unknown[]) => {
    throw new Error(`the delay program ended with ${String(code)}`);
  });
  // It is killed in the end, when nobody waits for it any more.
  ended.catch(() => undefined);
  await Promise.race([once(createInterface({ input: program.stdout }), 'line'), ended]);
  await ip('-n', from.namespace, 'link', 'set', EXIT, 'netns', to.namespace);
  await ip('-n', to.namespace, 'link', 'set', EXIT, 'up');
  // What comes in there has its way back elsewhere.
  for (const name of ['all', EXIT]) {
    await to.run('sysctl', '-qw', `net.ipv4.conf.${name}.rp_filter=0`);
  }
  await ip('-n', from.namespace, 'link', 'set', ENTRY, 'up');
  await ip('-n', from.namespace, 'route', 'replace', `${address}/32`, 'dev', ENTRY);
}
