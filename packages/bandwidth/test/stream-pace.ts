import { KIB, MIB } from '@peer-cache/core';
import type { JobPriority } from '@peer-cache/protocol';
import test from 'ava';
import { NO_LIMITS } from '../src/limit-config.ts';
import { Limits } from '../src/limits.ts';
import { StreamPace } from '../src/stream-pace.ts';

const WAY = 'files.test:443';
const signal = new AbortController().signal;

/** Streams of one priority, in a time that passes while somebody waits. */
function paceOf(priority: JobPriority, bytesPerSecond?: number) {
  let nowMs = 1000;
  const clock = { uptimeMs: () => nowMs, wallMs: () => nowMs, every: () => never };
  const wan = bytesPerSecond === undefined ? 'none' : ({ bytesPerSecond } as const);
  const limits = new Limits('wan', clock, { ...NO_LIMITS, rates: { ...NO_LIMITS.rates, wan } });
  const sleep = async (ms: number | undefined): Promise<void> => void (nowMs += ms ?? 1000);
  const pace = new StreamPace({ limits, clock, sleep });
  const who = () => ({ jobId: 'a', priority });
  const send = async (mostBytes: number): Promise<number> =>
    await pace.send(who, { way: WAY, mostBytes }, { signal });
  return { pace, send, clock, wait: (ms: number) => (nowMs += ms) };
}

const never = { [Symbol.dispose]: () => undefined };

test('in the foreground, without limits, all goes at once', async (t) => {
  const { send, clock } = paceOf('foreground');
  const startMs = clock.uptimeMs();
  t.is(await send(5 * MIB), 5 * MIB);
  t.is(clock.uptimeMs(), startMs);
});

test('a limit holds for what is sent, a little at a time', async (t) => {
  const { send, clock } = paceOf('foreground', 256 * KIB);
  const startMs = clock.uptimeMs();
  let bytes = 0;
  while (bytes < MIB) {
    const some = await send(MIB);
    t.true(some <= 16 * KIB);
    bytes += some;
  }
  const seconds = (clock.uptimeMs() - startMs) / 1000;
  t.true(Math.abs(seconds - 4) < 0.3, `${seconds} s`);
});

test('in the background it begins slowly, and follows what probes tell', async (t) => {
  const { pace, send, clock } = paceOf('low');
  const rateOver = async (ms: number, rttMs: number): Promise<number> => {
    const startMs = clock.uptimeMs();
    let [bytes, probedMs] = [0, startMs];
    while (clock.uptimeMs() - startMs < ms) {
      bytes += await send(MIB);
      if (clock.uptimeMs() - probedMs < 100) continue;
      probedMs = clock.uptimeMs();
      pace.probed(WAY, rttMs);
    }
    return bytes / ms;
  };
  const first = await rateOver(100, 40);
  t.true(first < 60, `${first} bytes per ms`);
  const free = await rateOver(1000, 40);
  t.true(free > 500, `${free} bytes per ms`);
  await rateOver(3000, 300);
  const others = await rateOver(1000, 300);
  t.true(others < 50, `${others} bytes per ms`);
  pace.forget();
  t.true((await rateOver(100, 40)) < 60, 'nothing is known any more');
});

test('who waits is let go when it is told to end', async (t) => {
  const { send } = paceOf('low');
  const stop = AbortSignal.abort(new Error('enough'));
  const { pace } = paceOf('low');
  await send(1);
  await t.throwsAsync(
    pace.send(
      () => ({ jobId: 'a', priority: 'low' }),
      { way: WAY, mostBytes: 1 },
      { signal: stop },
    ),
    { message: 'enough' },
  );
});
