import test from 'ava';
import { UplinkRate } from '../src/uplink-rate.ts';
import { SimulatedUplink } from './helpers/simulated-uplink.ts';
import type { UplinkOptions } from './helpers/simulated-uplink.ts';

const MBIT = 125;
const LINES: Readonly<Record<string, UplinkOptions>> = {
  '10 Mbit/s, 40 ms': { bytesPerMs: 10 * MBIT, bufferMs: 250, rttMs: 40 },
  '1 Mbit/s, 40 ms': { bytesPerMs: 1 * MBIT, bufferMs: 500, rttMs: 40 },
  '2 Mbit/s, 100 ms': { bytesPerMs: 2 * MBIT, bufferMs: 250, rttMs: 100 },
  '100 Mbit/s, 20 ms': { bytesPerMs: 100 * MBIT, bufferMs: 100, rttMs: 20 },
  '20 Mbit/s, late probes': { bytesPerMs: 20 * MBIT, bufferMs: 250, rttMs: 30, jitterMs: 8 },
};

for (const [name, line] of Object.entries(LINES)) {
  test(`${name}: alone it fills the way, and others need not wait`, (t) => {
    const { ours, queueMs } = new SimulatedUplink(line).run(30, 5);
    t.log(`ours ${ours.toFixed(3)}, queue ${queueMs.toFixed(1)} ms`);
    t.true(ours >= 0.9, `${ours}`);
    t.true(queueMs <= 50, `${queueMs} ms`);
  });

  test(`${name}: it gives way to others, and is back when they are gone`, (t) => {
    const uplink = new SimulatedUplink(line);
    uplink.run(10);
    t.false(uplink.status.isYielding, 'nobody else was there');
    uplink.isContested = true;
    const { others, ours } = uplink.run(20, 3);
    t.log(`others ${others.toFixed(3)}, ours ${ours.toFixed(3)}`);
    t.true(others >= 0.9, `${others}`);
    t.true(uplink.status.isYielding);
    uplink.isContested = false;
    const back = uplink.run(6, 3);
    t.true(back.ours >= 0.8, `${back.ours} from the third second on`);
    t.false(uplink.status.isYielding);
  });
}

test('where nobody answers it goes on slowly, and is back when somebody does', (t) => {
  const bytesPerMs = 10 * MBIT;
  const uplink = new SimulatedUplink({ bytesPerMs, bufferMs: 250, rttMs: 40 });
  uplink.run(10);
  t.true(uplink.status.isAnswered);
  uplink.isSilent = true;
  const { ours } = uplink.run(60, 20);
  t.true(ours * bytesPerMs > 25 && ours * bytesPerMs < 40, `${ours * bytesPerMs} bytes a ms`);
  t.like(uplink.status, { isAnswered: false, isYielding: false });
  uplink.isSilent = false;
  const back = uplink.run(10, 5);
  t.true(back.ours >= 0.8, `${back.ours}`);
  t.true(uplink.status.isAnswered);
});

test('a pause is no silence: what was learnt holds', (t) => {
  const rate = new UplinkRate();
  let nowMs = 0;
  for (; nowMs < 3000; nowMs += 100) {
    while (rate.take(1400, nowMs) === 0);
    rate.probed(40, nowMs);
  }
  const before = rate.status(nowMs).bytesPerSecond;
  nowMs += 20_000;
  rate.take(1400, nowMs);
  t.is(rate.status(nowMs).bytesPerSecond, before);
  t.true(rate.status(nowMs).isAnswered);
});
