import { setTimeout as sleep } from 'node:timers/promises';
import type { Span } from '../samples.ts';
import { RAMP_SECONDS } from '../timetable.ts';
import { BACKGROUND } from '../yield-site.ts';
import type { YieldSite } from '../yield-site.ts';

/** More than what agents and trackers say before a content comes. */
const FIRST_BYTES = 100_000;
const MOST_WAIT_MS = 30_000;
const POLL_MS = 50;

/** Waits for the first bytes of the background, and tells when what it does alone counts. */
export async function aloneSpan(site: YieldSite): Promise<Span> {
  const firstMs = await firstBytes(site);
  const startMs = firstMs + RAMP_SECONDS * 1000;
  return { startMs, endMs: startMs + site.seconds * 1000 };
}

/** Resolves when a host gets more than small talk; rejects when that takes too long. */
async function firstBytes({ watch }: YieldSite): Promise<number> {
  const before = received();
  const giveUpMs = performance.now() + MOST_WAIT_MS;
  while (received() < before + FIRST_BYTES) {
    if (performance.now() > giveUpMs) throw new Error('the background never got a byte');
    await sleep(POLL_MS);
  }
  return performance.now();

  function received(): number {
    return watch.host(BACKGROUND).at(-1)?.bytes ?? 0;
  }
}
