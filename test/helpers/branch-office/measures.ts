import { median } from '../../bench/measure.ts';

/** What is measured in a run; not every run measures all of it. */
export type Measure =
  | 'copies'
  | 'time'
  | 'others'
  | 'cpu'
  | 'stall'
  | 'twice'
  | 'lan'
  | 'wrong'
  | 'lies'
  | 'multicast'
  | 'lookup';

export type Measures = Readonly<Partial<Record<Measure, number>>>;

export interface MeasureStyle {
  readonly title: string;
  readonly meaning: string;
  readonly shown: (value: number) => string;
  /** What runs of the same make together; their median unless it is given. */
  readonly together?: (values: readonly number[]) => number;
}

const highest = (values: readonly number[]): number => Math.max(...values);

/** How each is called and shown, in this order. */
export const MEASURES: Readonly<Record<Measure, MeasureStyle>> = {
  copies: {
    title: 'WAN copies',
    meaning: 'bytes that came through the WAN, frames included, by those of the content',
    shown: (value) => value.toFixed(3),
  },
  time: {
    title: 'time/ideal',
    meaning:
      'until the last host has the file, by what one copy takes; a dead WAN stops this clock',
    shown: (value) => value.toFixed(2),
  },
  others: {
    title: 'others/ideal',
    meaning: 'what those who come after the first take, by what one copy takes',
    shown: (value) => value.toFixed(2),
  },
  cpu: {
    title: 'CPU s',
    meaning: 'user and system seconds of all hosts together',
    shown: (value) => value.toFixed(1),
  },
  stall: {
    title: 'stall s',
    meaning: 'the longest time without a new byte of any host, once it has one',
    shown: (value) => value.toFixed(1),
  },
  twice: {
    title: 'twice',
    meaning: 'content bytes received again, by those that were wanted',
    shown: (value) => `${(value * 100).toFixed(1)}%`,
  },
  lan: {
    title: 'LAN',
    meaning: 'bytes between hosts, frames included, by content bytes that came from peers',
    shown: (value) => value.toFixed(3),
  },
  wrong: {
    title: 'wrong',
    meaning: 'hosts that did not end as they should, with the right bytes; of any run',
    shown: (value) => value.toFixed(0),
    together: highest,
  },
  lies: {
    title: 'lies',
    meaning: 'requests that a liar got from one host, at most, until that host left it; of any run',
    shown: (value) => value.toFixed(0),
    together: highest,
  },
  multicast: {
    title: 'multicast/s',
    meaning: 'multicast packets that the busiest host sends each second, at rest',
    shown: (value) => value.toFixed(2),
  },
  lookup: {
    title: 'lookup ms',
    meaning: '95th percentile of getting one block from a neighbour, all included',
    shown: (value) => value.toFixed(0),
  },
};

export const MEASURE_NAMES: readonly Measure[] = [
  'copies',
  'time',
  'others',
  'cpu',
  'stall',
  'twice',
  'lan',
  'wrong',
  'lies',
  'multicast',
  'lookup',
];

/** Several runs of the same as one. */
export function combined(runs: readonly Measures[]): Measures {
  const together: Partial<Record<Measure, number>> = {};
  for (const name of MEASURE_NAMES) {
    const values = runs.flatMap((run) => run[name] ?? []);
    if (values.length > 0) together[name] = (MEASURES[name].together ?? median)(values);
  }
  return together;
}

/** Whether what was measured is at most what was aimed at. */
export function isShort(value: number, aim: number | undefined): boolean {
  return aim !== undefined && !(value <= aim);
}
