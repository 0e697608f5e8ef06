import { randomFrom } from './seeded-random.ts';
import { SimulatedOffice } from './simulated-office.ts';
import type { Background, OfficeOptions, Traffic } from './simulated-office.ts';

/** When what happens on the link; the background is there from the beginning. */
export interface Plan {
  readonly aloneFrom: number;
  readonly othersFrom: number;
  readonly othersTo: number;
  readonly end: number;
}

export interface Figures {
  /** Of the link, from 0 to 1. */
  readonly alone: number;
  readonly meanQueueMs: number;
  /** Of what somebody else has without the background, from 0 to 1. */
  readonly kept: number;
  /** Seconds until the background had less than a tenth of the link for the first time. */
  readonly givesWayAfter: number;
  /** Seconds until it had nine tenths of it again. */
  readonly isBackAfter: number;
  /** Why it gave way. */
  readonly reason: string | undefined;
}

const PLAN: Plan = { aloneFrom: 5, othersFrom: 15, othersTo: 25, end: 32 };

/** What the background does alone, beside a connection in the foreground, and after it. */
export function figuresOf(options: OfficeOptions, seed: number, plan: Plan = PLAN): Figures {
  const { aloneFrom, othersFrom, othersTo, end } = plan;
  const office = officeOf(options, seed);
  const { traffic, window } = office.startBackground();
  office.run(aloneFrom);
  const { meanQueueMs } = office.run(othersFrom - aloneFrom);
  const others = office.startForeground();
  office.run(othersTo - othersFrom);
  const reason = window.yieldsFor;
  others.stop();
  office.run(end - othersTo);
  const seconds = othersTo - othersFrom;
  const soloMbit = soloMbitOf(officeOf(options, seed), seconds);
  return {
    alone: traffic.mbit(aloneFrom, othersFrom) / options.mbit,
    meanQueueMs,
    kept: others.mbit(othersFrom, othersTo) / soloMbit,
    givesWayAfter: firstWithin(traffic, othersFrom, (mbit) => mbit < 0.1 * options.mbit, 0.3),
    isBackAfter: firstWithin(traffic, othersTo, (mbit) => mbit >= 0.9 * options.mbit, 0.5),
    reason,
  };
}

export function officeOf(options: OfficeOptions, seed: number): SimulatedOffice {
  return new SimulatedOffice({ lagMs: 2, ...options, random: randomFrom(seed) });
}

/** Of a link, from one second to another, from 0 to 1. */
export function shareOf({ traffic }: Background, mbit: number, from: number, to: number): number {
  return traffic.mbit(from, to) / mbit;
}

function soloMbitOf(office: SimulatedOffice, seconds: number): number {
  const traffic = office.startForeground();
  office.run(seconds);
  return traffic.mbit(0, seconds);
}

/** Seconds until the rate was such, over a span of so many; Infinity for never. */
function firstWithin(
  traffic: Traffic,
  from: number,
  isSuch: (mbit: number) => boolean,
  span: number,
): number {
  for (let after = 0; after < 60; after += 0.1) {
    if (isSuch(traffic.mbit(from + after, from + after + span))) return after;
  }
  return Infinity;
}
