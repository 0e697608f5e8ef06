import { median } from '../measure.ts';

/** What is measured of a program in the background; of others not all of it. */
export type YieldMeasure =
  | 'alone'
  | 'foreground'
  | 'latency'
  | 'latency95'
  | 'objects'
  | 'givesWay'
  | 'back'
  | 'eightAlone'
  | 'eightForeground'
  | 'eightLatency'
  | 'sameAlone'
  | 'sameForeground'
  | 'sameLatency'
  | 'leak'
  | 'uneven'
  | 'limits';

export type YieldMeasures = Readonly<Partial<Record<YieldMeasure, number>>>;

export type Aim = { readonly least: number } | { readonly most: number };

export interface YieldStyle {
  readonly title: string;
  readonly meaning: string;
  readonly shown: (value: number) => string;
  readonly aim?: Aim;
}

const asShare = (value: number): string => value.toFixed(2);
const asMs = (value: number): string => value.toFixed(0);
const asSeconds = (value: number): string => value.toFixed(1);
const asPercent = (value: number): string => `${(value * 100).toFixed(1)}%`;

/** How each is called and shown, in this order, and what ours aims at. */
export const YIELD_MEASURES: Readonly<Record<YieldMeasure, YieldStyle>> = {
  alone: {
    title: 'alone',
    meaning:
      'its rate over the WAN with nobody else, by that of curl, from 5 s after its first bytes',
    shown: asShare,
    aim: { least: 0.95 },
  },
  foreground: {
    title: 'foreground',
    meaning: 'what a curl on another host gets beside it, by what it gets alone',
    shown: asShare,
    aim: { least: 0.95 },
  },
  latency: {
    title: 'latency + ms',
    meaning: 'by how much longer a third host waits for a new connection, median',
    shown: asMs,
    aim: { most: 20 },
  },
  latency95: {
    title: 'the same, p95',
    meaning: 'by how much longer one of twenty of them takes than one of twenty in an idle office',
    shown: asMs,
  },
  objects: {
    title: 'objects',
    meaning:
      'how long 300 kB take on a new connection, by what they take in an idle office, medians',
    shown: asShare,
    aim: { most: 1.2 },
  },
  givesWay: {
    title: 'gives way s',
    meaning:
      'from the start of that curl until the background has less than a tenth of the link, and stays so for a second',
    shown: asSeconds,
    aim: { most: 1 },
  },
  back: {
    title: 'back s',
    meaning:
      'from the end of that curl until the background has nine tenths of its rate alone, and keeps them',
    shown: asSeconds,
    aim: { most: 3 },
  },
  eightAlone: {
    title: 'alone, 8 jobs',
    meaning:
      'what eight jobs take from the WAN with nobody else, each of another content, by what curl takes',
    shown: asShare,
  },
  eightForeground: {
    title: 'foreground, 8 jobs',
    meaning: 'as foreground, with a job on each of eight hosts, each of another content',
    shown: asShare,
    aim: { least: 0.92 },
  },
  eightLatency: {
    title: 'latency + ms, 8 jobs',
    meaning: 'as latency, with the same eight',
    shown: asMs,
    aim: { most: 20 },
  },
  sameAlone: {
    title: 'alone, 8 sharing',
    meaning: 'the same of eight jobs of one content',
    shown: asShare,
  },
  sameForeground: {
    title: 'foreground, 8 sharing',
    meaning: 'as foreground, with a job on each of eight hosts, all of one content',
    shown: asShare,
    aim: { least: 0.92 },
  },
  sameLatency: {
    title: 'latency + ms, 8 sharing',
    meaning: 'as latency, with the same eight',
    shown: asMs,
    aim: { most: 20 },
  },
  leak: {
    title: 'leak',
    meaning:
      'what lower jobs of a host get while a higher one has work, of all that is got meanwhile',
    shown: asPercent,
    aim: { most: 0.02 },
  },
  uneven: {
    title: 'uneven',
    meaning: 'by what share one of two jobs of one priority gets less than the other',
    shown: asPercent,
    aim: { most: 0.1 },
  },
  limits: {
    title: 'limits missed by',
    meaning: 'by how much a job of 1 MiB/s, 512 KiB/s and 256 KiB/s is faster or slower, at most',
    shown: asPercent,
    aim: { most: 0.03 },
  },
};

export const YIELD_MEASURE_NAMES: readonly YieldMeasure[] = [
  'alone',
  'foreground',
  'latency',
  'latency95',
  'objects',
  'givesWay',
  'back',
  'eightAlone',
  'eightForeground',
  'eightLatency',
  'sameAlone',
  'sameForeground',
  'sameLatency',
  'leak',
  'uneven',
  'limits',
];

/** The medians of several runs. */
export function mediansOf(runs: readonly YieldMeasures[]): YieldMeasures {
  const medians: Partial<Record<YieldMeasure, number>> = {};
  for (const name of YIELD_MEASURE_NAMES) {
    const values = runs.flatMap((run) => run[name] ?? []);
    if (values.length > 0) medians[name] = median(values);
  }
  return medians;
}

/** Whether an aim is missed; what is not a number misses every aim. */
export function misses(value: number, aim: Aim): boolean {
  return 'least' in aim ? !(value >= aim.least) : !(value <= aim.most);
}
