import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LanHost } from '../../../packages/discovery/test/helpers/namespaces.ts';
import type { Span } from './samples.ts';
import { ENDLESS_NAME } from './yield-content.ts';

/** A person's download for some seconds, and when it was. */
export async function downloadFor(
  host: LanHost,
  originUrl: string,
  seconds: number,
): Promise<Span> {
  const startMs = performance.now();
  const curl = startCurl(host, `${originUrl}/${ENDLESS_NAME}`);
  await sleep(seconds * 1000);
  const endMs = performance.now();
  await curl[Symbol.asyncDispose]();
  return { startMs, endMs };
}

/**
 * A download that goes on until it is disposed of. It goes before others at the processors, which it
 * would not share with other hosts if they were machines of their own.
 */
export function startCurl(host: LanHost, url: string): AsyncDisposable {
  const curl = host.spawn('nice', '-n', '-10', 'curl', '-sS', '-o', '/dev/null', url);
  return {
    async [Symbol.asyncDispose]() {
      if (curl.exitCode !== null) throw new Error(`curl ended with ${curl.exitCode} by itself`);
      const ended = once(curl, 'exit');
      curl.kill('SIGKILL');
      await ended;
    },
  };
}
