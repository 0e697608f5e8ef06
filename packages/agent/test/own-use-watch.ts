import { setImmediate as turn } from 'node:timers/promises';
import { silentLog } from '@peer-cache/core';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { yieldToOwnUse } from '../src/serving/own-use-watch.ts';
import type { OwnUseParts } from '../src/serving/own-use-watch.ts';
import type { UseSample } from '../src/serving/own-use.ts';

/** A watch that looks when `tick` is called, on a machine that others use so much. */
function watching(t: ExecutionContext, parts: Pick<Partial<OwnUseParts>, 'readSample'> = {}) {
  const shares: number[] = [];
  const waits: (() => void)[] = [];
  let servedBytes = 0;
  let reads = 0;
  let counts = { atMs: 0, cpuMs: 0, idleCpuMs: 0 };
  const watch = yieldToOwnUse({
    log: silentLog,
    exchange: {
      servedBytes: () => servedBytes,
      interfaces: () => [],
      setServingShare: (share) => void shares.push(share),
    },
    async readSample(): Promise<UseSample> {
      reads++;
      return { ...counts, ownCpuMs: 0, servedBytes, sending: [] };
    },
    wait: (_, signal) =>
      new Promise((resolve, reject) => {
        waits.push(resolve);
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      }),
    ...parts,
  });
  t.teardown(() => watch[Symbol.asyncDispose]());
  const tick = async (busy: number, bytes: number): Promise<void> => {
    const { atMs, cpuMs, idleCpuMs } = counts;
    counts = { atMs: atMs + 2000, cpuMs: cpuMs + 100, idleCpuMs: idleCpuMs + 100 * (1 - busy) };
    servedBytes += bytes;
    waits.shift()?.();
    for (let turns = 0; turns < 5; turns++) await turn();
  };
  return { tick, shares, reads: () => reads };
}

test('while peers are served, others who are busy are made way for, and then no longer', async (t) => {
  const { tick, shares } = watching(t);
  await tick(0, 1);
  await tick(1, 1);
  t.deepEqual(shares, [0]);
  await tick(0, 1);
  t.deepEqual(shares, [0, 1]);
});

test('who gives nothing to anybody does not look', async (t) => {
  const { tick, shares, reads } = watching(t);
  for (let count = 0; count < 3; count++) await tick(1, 0);
  t.deepEqual([reads(), shares], [0, []]);
});

test('what was lowered is raised although nobody asks any more', async (t) => {
  const { tick, shares } = watching(t);
  await tick(0, 1);
  await tick(1, 1);
  await tick(0, 0);
  t.deepEqual(shares, [0, 1]);
});

test('this machine can be looked at', async (t) => {
  const { tick, shares } = watching(t, { readSample: undefined });
  await tick(0, 1);
  await tick(0, 1);
  t.true(shares.every((share) => share >= 0 && share <= 1));
});
