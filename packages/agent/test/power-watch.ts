import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { silentLog } from '@peer-cache/core';
import test from 'ava';
import { watchPower } from '../src/power/power-watch.ts';

/** A watch that looks when `tick` is called. */
async function watching(first: boolean | undefined) {
  let isOnBattery = first;
  let looks = 0;
  const waits: (() => void)[] = [];
  const watch = await watchPower({
    log: silentLog,
    async readPower() {
      looks++;
      return isOnBattery;
    },
    wait: (_, signal) =>
      new Promise((resolve, reject) => {
        waits.push(resolve);
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      }),
  });
  const tick = async (next: boolean | undefined): Promise<void> => {
    isOnBattery = next;
    waits.shift()?.();
    for (let turns = 0; turns < 5; turns++) await turn();
  };
  return { watch, tick, looks: () => looks };
}

test('the power is known from the start, and followed', async (t) => {
  const { watch, tick } = await watching(true);
  await using _watch = watch;
  t.true(watch.isOnBattery);
  const changed = once(watch, 'power-changed');
  await tick(false);
  t.deepEqual(await changed, [{ isOnBattery: false }]);
  t.false(watch.isOnBattery);
});

test('what stays is not told, and what is not told any more counts as mains', async (t) => {
  const { watch, tick } = await watching(true);
  await using _watch = watch;
  const told: boolean[] = [];
  watch.on('power-changed', ({ isOnBattery }) => told.push(isOnBattery));
  await tick(true);
  t.deepEqual(told, []);
  await tick(undefined);
  t.deepEqual(told, [false]);
});

test('where the system does not tell, it is not asked again', async (t) => {
  const { watch, tick, looks } = await watching(undefined);
  t.false(watch.isOnBattery);
  await tick(true);
  t.is(looks(), 1);
  await watch[Symbol.asyncDispose]();
});

test('a watch that is disposed looks no more', async (t) => {
  const { watch, tick, looks } = await watching(false);
  await watch[Symbol.asyncDispose]();
  await tick(true);
  t.deepEqual([looks(), watch.isOnBattery], [1, false]);
});
