import { setTimeout as sleep } from 'node:timers/promises';
import { downloadFor } from '../foreground.ts';
import { mbitWithin, quantile } from '../samples.ts';
import { CURL } from '../subjects/curl.ts';
import { foregroundSeconds, PAUSE_SECONDS } from '../timetable.ts';
import { FOREGROUND, hostOf } from '../yield-site.ts';
import type { YieldSite } from '../yield-site.ts';
import { aloneSpan } from './first-bytes.ts';

/** What an office has in which nothing happens in the background. */
export interface IdleOffice {
  /** A person's download. */
  readonly soloMbit: number;
  /** What curl in the background takes from the WAN. */
  readonly aloneMbit: number;
  readonly connectMs: number;
  readonly connect95Ms: number;
  readonly objectMs: number;
}

export async function measureIdle(site: YieldSite): Promise<IdleOffice> {
  const { office, watch, user, seconds } = site;
  const connects = await user.connects(seconds);
  const objects = await user.objects(seconds);
  const host = hostOf(office, FOREGROUND);
  const solo = await downloadFor(host, office.wan.originUrl, foregroundSeconds(seconds));
  await sleep(PAUSE_SECONDS * 1000);
  const aloneMbit = await measureAlone(site);
  await sleep(PAUSE_SECONDS * 1000);
  return {
    soloMbit: mbitWithin(watch.host(FOREGROUND), solo),
    aloneMbit,
    connectMs: quantile(connects, 0.5),
    connect95Ms: quantile(connects, 0.95),
    objectMs: quantile(objects, 0.5),
  };
}

async function measureAlone(site: YieldSite): Promise<number> {
  await using _curl = await CURL.start(site);
  const span = await aloneSpan(site);
  await sleep(span.endMs - performance.now());
  return mbitWithin(site.watch.wan, span);
}
