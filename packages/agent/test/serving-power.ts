import { EventEmitter } from 'node:events';
import { silentLog } from '@peer-cache/core';
import test from 'ava';
import type { PowerEvents } from '../src/power/power-watch.ts';
import { ServingPower } from '../src/serving/serving-power.ts';

function serving({ isOnBattery, onBattery }: { isOnBattery: boolean; onBattery: boolean }) {
  const power = Object.assign(new EventEmitter<PowerEvents>(), { isOnBattery });
  const calls: boolean[] = [];
  const exchange = { setServing: (isServing: boolean) => void calls.push(isServing) };
  const byPower = new ServingPower({ log: silentLog, power, exchange }, { onBattery });
  const plug = (isPlugged: boolean): void => {
    power.isOnBattery = !isPlugged;
    power.emit('power-changed', { isOnBattery: !isPlugged });
  };
  return { byPower, calls, plug, power };
}

test('on battery nothing is served, and on mains it is again', (t) => {
  const { byPower, calls, plug } = serving({ isOnBattery: true, onBattery: false });
  t.deepEqual(calls, [false]);
  t.deepEqual(byPower.status, { isOnBattery: true, isServingAllowed: false });
  plug(true);
  t.deepEqual(byPower.status, { isOnBattery: false, isServingAllowed: true });
  plug(false);
  t.deepEqual(calls, [false, true, false]);
});

test('who wants to serves on battery too, and may want so at any time', (t) => {
  const { byPower, calls, plug } = serving({ isOnBattery: false, onBattery: true });
  plug(false);
  t.deepEqual(calls, []);
  byPower.reconfigure({ onBattery: false });
  byPower.reconfigure({ onBattery: false });
  byPower.reconfigure({ onBattery: true });
  t.deepEqual(calls, [false, true]);
});

test('one that is disposed listens no more', (t) => {
  const { byPower, power } = serving({ isOnBattery: false, onBattery: false });
  byPower[Symbol.dispose]();
  t.is(power.listenerCount('power-changed'), 0);
});
