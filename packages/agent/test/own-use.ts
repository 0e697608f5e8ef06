import test from 'ava';
import { othersUse, servingShare, smoothed } from '../src/serving/own-use.ts';
import type { UseSample } from '../src/serving/own-use.ts';

const START: UseSample = {
  atMs: 0,
  cpuMs: 0,
  idleCpuMs: 0,
  ownCpuMs: 0,
  servedBytes: 0,
  sending: [],
};
/** Of 1 Gbit/s. */
const FULL_BYTES = 125_000_000;

function after1s(sample: Partial<UseSample>): UseSample {
  return { ...START, atMs: 1000, cpuMs: 2000, ...sample };
}

function eth0(sentBytes: number, bytesPerSecond = FULL_BYTES): UseSample['sending'] {
  return [{ interfaceName: 'eth0', sentBytes, bytesPerSecond }];
}

test('what this process takes of the processors is not taken by others', (t) => {
  t.is(othersUse(START, after1s({ idleCpuMs: 2000 })).cpu, 0);
  t.is(othersUse(START, after1s({ idleCpuMs: 1000, ownCpuMs: 1000 })).cpu, 0);
  t.is(othersUse(START, after1s({ idleCpuMs: 500, ownCpuMs: 500 })).cpu, 0.5);
  t.is(othersUse(START, after1s({})).cpu, 1);
});

test('what is sent to peers is not sent by others', (t) => {
  const before = { ...START, sending: eth0(0) };
  const use = (sentBytes: number, servedBytes: number): number =>
    othersUse(before, after1s({ sending: eth0(sentBytes), servedBytes })).sending;
  t.is(use(FULL_BYTES, 0), 1);
  t.is(use(FULL_BYTES, FULL_BYTES), 0);
  t.is(use(FULL_BYTES, FULL_BYTES / 2), 0.5);
  t.is(use(0, FULL_BYTES), 0);
});

test('an interface that came meanwhile, and time that did not pass, say nothing', (t) => {
  t.is(othersUse(START, after1s({ sending: eth0(FULL_BYTES) })).sending, 0);
  t.deepEqual(othersUse(START, START), { cpu: 0, sending: 0 });
});

test('the more others take, the less is served; a quarter that is left is enough', (t) => {
  t.is(servingShare({ cpu: 0, sending: 0 }), 1);
  t.is(servingShare({ cpu: 0.75, sending: 0.5 }), 1);
  t.is(servingShare({ cpu: 0.875, sending: 0 }), 0.5);
  t.is(servingShare({ cpu: 0.2, sending: 0.875 }), 0.5);
  t.is(servingShare({ cpu: 1, sending: 0 }), 0);
});

test('a moment counts half', (t) => {
  const busy = { cpu: 1, sending: 0.5 };
  t.deepEqual(smoothed(undefined, busy), busy);
  t.deepEqual(smoothed({ cpu: 0, sending: 0 }, busy), { cpu: 0.5, sending: 0.25 });
});
