import { setTimeout as sleep } from 'node:timers/promises';
import { downloadFor } from '../foreground.ts';
import { mbitWithin, quantile, secondsUntil } from '../samples.ts';
import type { Span } from '../samples.ts';
import type { Subject } from '../subjects/subject.ts';
import { BACK_SECONDS, foregroundSeconds, PAUSE_SECONDS } from '../timetable.ts';
import type { YieldMeasures } from '../yield-measures.ts';
import { BACKGROUND, FOREGROUND, hostOf } from '../yield-site.ts';
import type { YieldSite } from '../yield-site.ts';
import { aloneSpan } from './first-bytes.ts';
import type { IdleOffice } from './idle.ts';

/** Of the link: who has less has given way. */
const GIVEN_WAY_SHARE = 0.1;
/** Of its rate alone: who has more is back. */
const BACK_SHARE = 0.9;

/** One download in the background: what it takes alone, and what a person notices of it. */
export async function measureBackground(
  site: YieldSite,
  subject: Subject,
  idle: IdleOffice,
): Promise<YieldMeasures> {
  const { office, user, seconds } = site;
  await using running = await subject.start(site);
  const alone = await aloneSpan(site);
  await sleep(alone.startMs - performance.now());
  const connects = await user.connects(seconds);
  const objects = await user.objects(seconds);
  await sleep(PAUSE_SECONDS * 1000);
  const host = hostOf(office, FOREGROUND);
  const person = await downloadFor(host, office.wan.originUrl, foregroundSeconds(seconds));
  await sleep(BACK_SECONDS * 1000);
  const problem = await running.problem();
  if (problem !== undefined) throw new Error(problem);
  return {
    latency: quantile(connects, 0.5) - idle.connectMs,
    latency95: quantile(connects, 0.95) - idle.connect95Ms,
    objects: quantile(objects, 0.5) / idle.objectMs,
    ...ratesOf(site, { alone, person }, idle),
  };
}

function ratesOf(
  { watch, cell }: YieldSite,
  { alone, person }: { readonly alone: Span; readonly person: Span },
  { aloneMbit, soloMbit }: IdleOffice,
): YieldMeasures {
  const background = watch.host(BACKGROUND);
  const ownMbit = mbitWithin(background, alone);
  const after = { startMs: person.endMs, endMs: person.endMs + BACK_SECONDS * 1000 };
  return {
    alone: mbitWithin(watch.wan, alone) / aloneMbit,
    foreground: mbitWithin(watch.host(FOREGROUND), person) / soloMbit,
    givesWay: secondsUntil((mbit) => mbit < GIVEN_WAY_SHARE * cell.mbit, background, person),
    back: secondsUntil((mbit) => mbit >= BACK_SHARE * ownMbit, background, after),
  };
}
