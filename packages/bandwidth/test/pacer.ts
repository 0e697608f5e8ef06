import { setImmediate as nextTurn } from 'node:timers/promises';
import { KIB, MIB } from '@peer-cache/core';
import type { JobPriority } from '@peer-cache/protocol';
import test from 'ava';
import type { RequestLeave } from '../src/leave.ts';
import { NO_LIMITS } from '../src/limit-config.ts';
import type { LimitKey, LimitsConfig } from '../src/limit-config.ts';
import { Limits } from '../src/limits.ts';
import type { Taker } from '../src/limits.ts';
import { Pacer } from '../src/pacer.ts';
import { HandClock } from './helpers/hand-clock.ts';

const FOREVER: AbortSignal = new AbortController().signal;
const LOW: Taker = { priority: 'low' };
const PRIORITIES: readonly JobPriority[] = ['low', 'normal', 'foreground', 'high'];

function office(rates: Partial<Record<LimitKey, number>> = {}) {
  const clock = new HandClock();
  const limits = new Limits('wan', clock, configOf(rates));
  const pacer = new Pacer({ limits, clock });
  /** Asks for leave, and notes when there is some. */
  const ask = (taker: Taker, { way = 'origin:80', mostBytes = 4 * KIB, signal = FOREVER } = {}) => {
    const asked: { leave?: RequestLeave; error?: unknown } = {};
    pacer.leave({ who: () => taker, way, mostBytes }, { signal }).then(
      (leave) => (asked.leave = leave),
      (error: unknown) => (asked.error = error),
    );
    return asked;
  };
  /** Background requests until one has to wait; the last waits. */
  const askUntilFull = async (way?: string) => {
    for (const all = [ask(LOW, { way })]; ; all.push(ask(LOW, { way }))) {
      await nextTurn();
      if (all.at(-1)?.leave === undefined) return all;
    }
  };
  return { clock, limits, pacer, ask, askUntilFull };
}

function configOf(bytesPerSecond: Partial<Record<LimitKey, number>>): LimitsConfig {
  const rates = Object.entries(bytesPerSecond).map(([key, rate]) => [
    key,
    { bytesPerSecond: rate },
  ]);
  return { ...NO_LIMITS, rates: { ...NO_LIMITS.rates, ...Object.fromEntries(rates) } };
}

test('who is more urgent goes first, and of equals who waits for longest', async (t) => {
  const { limits, pacer } = office({ wan: 0 });
  const order: string[] = [];
  const signal = FOREVER;
  const asks = ['1', '2'].flatMap((each) =>
    PRIORITIES.map(async (priority) => {
      const who = (): Taker => ({ priority });
      using _leave = await pacer.leave({ who, way: 'origin:80', mostBytes: KIB }, { signal });
      order.push(`${priority} ${each}`);
    }),
  );
  await nextTurn();
  t.deepEqual(order, []);
  limits.reconfigure(NO_LIMITS);
  await Promise.all(asks);
  const expected = ['foreground', 'high', 'normal', 'low'].flatMap((each) => [
    `${each} 1`,
    `${each} 2`,
  ]);
  t.deepEqual(order, expected);
});

test('whose priority is raised while it waits goes first', async (t) => {
  const { limits, pacer } = office({ wan: 0 });
  const order: string[] = [];
  let late: JobPriority = 'low';
  const ask = async (name: string, who: () => Taker): Promise<void> => {
    const request = { who, way: 'origin:80', mostBytes: KIB };
    using _leave = await pacer.leave(request, { signal: FOREVER });
    order.push(name);
  };
  const asks = [
    ask('normal', () => ({ priority: 'normal' })),
    ask('raised', () => ({ priority: late })),
  ];
  late = 'high';
  limits.reconfigure(NO_LIMITS);
  await Promise.all(asks);
  t.deepEqual(order, ['raised', 'normal']);
});

test('in the background only so much goes out until it comes; the foreground needs no room', async (t) => {
  const { ask, askUntilFull } = office();
  const all = await askUntilFull();
  t.true(all.length > 2);
  const urgent = ask({ priority: 'foreground' }, { mostBytes: 8 * MIB });
  await nextTurn();
  t.is(urgent.leave?.bytes, 8 * MIB);
  t.is(all.at(-1)?.leave, undefined);
  all[0]?.leave?.received(4 * KIB);
  all[0]?.leave?.[Symbol.dispose]();
  await nextTurn();
  t.is(all.at(-1)?.leave?.bytes, 4 * KIB);
});

test('within a way nobody goes before who is more urgent', async (t) => {
  const { ask, askUntilFull } = office();
  const all = await askUntilFull();
  const high = ask({ priority: 'high' });
  const [first, second] = all;
  first?.leave?.[Symbol.dispose]();
  await nextTurn();
  t.truthy(high.leave);
  t.is(all.at(-1)?.leave, undefined);
  second?.leave?.[Symbol.dispose]();
  await nextTurn();
  t.truthy(all.at(-1)?.leave);
});

test('what has come makes room, before its request has ended', async (t) => {
  const { askUntilFull } = office();
  const all = await askUntilFull();
  all[0]?.leave?.received(4 * KIB);
  await nextTurn();
  t.truthy(all.at(-1)?.leave);
});

test('a request counts from when it went out', async (t) => {
  const { clock, pacer, ask } = office();
  const low = ask(LOW);
  await nextTurn();
  clock.pass(300);
  low.leave?.sent();
  clock.pass(20);
  low.leave?.received(0);
  t.is(pacer.ways()[0]?.baseMs, 20);
});

test('not every way that was ever used is kept in mind', async (t) => {
  const { pacer, ask } = office();
  for (let host = 0; host < 1000; host++) ask(LOW, { way: `${host}:80` });
  await nextTurn();
  t.true(pacer.ways().length <= 100);
  t.true(pacer.ways().some(({ way }) => way === '999:80'));
});

test('what the link brings is known to the limits, by what came of it', async (t) => {
  const { clock, limits, pacer, ask } = office();
  limits.reconfigure({ ...NO_LIMITS, rates: { ...NO_LIMITS.rates, wan: { linkShare: 0.5 } } });
  t.deepEqual(limits.explain(LOW), [], 'nothing is known yet');
  const open: { leave: RequestLeave; dueMs: number; leftBytes: number }[] = [];
  const waiting = new Set<ReturnType<typeof ask>>();
  // 1000 bytes per ms, after 20 ms.
  for (let step = 0; step < 1000 && limits.explain(LOW).length === 0; step++) {
    while (waiting.size < 4) waiting.add(ask(LOW, { mostBytes: 64 * KIB }));
    await nextTurn();
    for (const each of waiting) {
      if (each.leave === undefined) continue;
      waiting.delete(each);
      const { bytes } = each.leave;
      open.push({ leave: each.leave, dueMs: clock.uptimeMs() + 20, leftBytes: bytes });
    }
    clock.pass(5);
    for (let bytes = 5000; bytes > 0;) {
      const [first] = open;
      if (first === undefined || first.dueMs > clock.uptimeMs()) break;
      const part = Math.min(bytes, first.leftBytes);
      first.leave.received(part);
      first.leftBytes -= part;
      bytes -= part;
      if (first.leftBytes > 0) break;
      open.shift();
      first.leave[Symbol.dispose]();
    }
  }
  const [limit] = limits.explain(LOW);
  t.true((limit?.bytesPerSecond ?? 0) > 400_000 && (limit?.bytesPerSecond ?? 0) < 550_000);
  t.true(pacer.linkBytesPerSecond > 800_000);
  pacer.networkChanged();
  t.deepEqual(limits.explain(LOW), [], 'another network, another link');
});

test('what is learnt of one way says nothing of another', async (t) => {
  const { ask, pacer, askUntilFull, clock } = office();
  const [first] = await askUntilFull('one:80');
  const other = ask(LOW, { way: 'two:80' });
  await nextTurn();
  t.truthy(other.leave);
  clock.pass(30);
  first?.leave?.received(4 * KIB);
  const ways = pacer.ways();
  t.deepEqual(
    ways.map(({ way, baseMs, yieldsFor }) => ({ way, baseMs, yieldsFor })),
    [
      { way: 'one:80', baseMs: 30, yieldsFor: undefined },
      { way: 'two:80', baseMs: undefined, yieldsFor: undefined },
    ],
  );
});

test('a limit of 0 blocks until it is another, whoever it is', async (t) => {
  const { limits, ask } = office({ low: 0, foreground: 0 });
  const [low, foreground] = [ask(LOW), ask({ priority: 'foreground' })];
  const high = ask({ priority: 'high' });
  await nextTurn();
  t.truthy(high.leave);
  t.deepEqual([low, foreground], [{}, {}]);
  limits.reconfigure(configOf({ low: 0 }));
  await nextTurn();
  t.is(low.leave, undefined);
  t.is(foreground.leave?.bytes, 4 * KIB);
  limits.reconfigure(NO_LIMITS);
  await nextTurn();
  t.is(low.leave?.bytes, 4 * KIB);
});

test("a job's own limit makes it wait, and nobody else", async (t) => {
  const { ask } = office();
  const blocked = ask({ priority: 'high', jobId: 'a', jobLimit: 0 });
  const other = ask({ ...LOW, jobId: 'b' });
  await nextTurn();
  t.is(blocked.leave, undefined);
  t.truthy(other.leave);
});

test('what a limit lets pass comes in time, without anybody asking again', async (t) => {
  const { clock, pacer } = office({ wan: 400 * KIB });
  const request = { who: () => LOW, way: 'origin:80', mostBytes: 4 * KIB };
  const first = pacer.leave(request, { signal: FOREVER });
  clock.pass(20);
  const { bytes } = await first;
  t.true(bytes > 0 && bytes <= 4 * KIB);
});

test('a wait that is aborted rejects with the reason, and is forgotten', async (t) => {
  const { clock, limits, pacer, ask } = office({ wan: 0 });
  const stop = new AbortController();
  const aborted = ask(LOW, { signal: stop.signal, mostBytes: 64 * KIB });
  const waiting = ask(LOW);
  const reason = new Error('not wanted any more');
  stop.abort(reason);
  await nextTurn();
  t.is(aborted.error, reason);
  limits.reconfigure(configOf({ wan: 400 * KIB }));
  clock.pass(1000);
  limits.changed();
  await nextTurn();
  t.truthy(waiting.leave);
  t.deepEqual(limits.take(LOW, MIB), { bytes: 96 * KIB }, 'it is not charged for');
  t.is(aborted.leave, undefined);
  const error = await t.throwsAsync(
    pacer.leave({ who: () => LOW, way: 'a:80', mostBytes: 1 }, { signal: stop.signal }),
  );
  t.is(error, reason);
});

test('of what was given leave for, what did not come is given back to the limits', async (t) => {
  const { clock, limits, pacer } = office({ wan: 400 * KIB });
  const all = limits.take(LOW, MIB);
  clock.pass(1000);
  const signal = FOREVER;
  const leave = await pacer.leave(
    { who: () => LOW, way: 'origin:80', mostBytes: 4 * KIB },
    { signal },
  );
  leave.received(1 * KIB);
  t.deepEqual(limits.take(LOW, MIB), { bytes: 96 * KIB });
  leave[Symbol.dispose]();
  t.deepEqual(limits.take(LOW, 3 * KIB), { bytes: 3 * KIB });
  t.false('bytes' in limits.take(LOW, 1));
  t.truthy(all);
});

test('who yields on all ways is told why; the foreground yields to nobody', async (t) => {
  const { clock, pacer, ask } = office();
  const open = new Set<ReturnType<typeof ask>>();
  /** Answers that take so long, to all that is asked for, again and again. */
  const bring = async (way: string, delayMs: number): Promise<void> => {
    for (let round = 0; round < 30 && reasonOf(way) === undefined; round++) {
      while (open.size < 8) open.add(ask(LOW, { way }));
      await nextTurn();
      clock.pass(delayMs);
      for (const each of open) {
        if (each.leave === undefined) continue;
        open.delete(each);
        each.leave.received(4 * KIB);
        each.leave[Symbol.dispose]();
      }
    }
  };
  const reasonOf = (way: string) => pacer.ways().find((each) => each.way === way)?.yieldsFor;
  t.is(pacer.yieldsFor(LOW), undefined, 'nothing was asked for');
  await bring('one:80', 20);
  await bring('one:80', 200);
  t.not(reasonOf('one:80'), undefined);
  t.is(pacer.yieldsFor(LOW), reasonOf('one:80'));
  open.clear();
  await bring('two:80', 20);
  t.is(pacer.yieldsFor(LOW), undefined, 'there is another way');
  await bring('two:80', 200);
  t.not(pacer.yieldsFor(LOW), undefined);
  t.is(pacer.yieldsFor({ priority: 'foreground' }), undefined);
  pacer.networkChanged();
  t.is(pacer.yieldsFor(LOW), undefined);
  t.false(
    pacer.ways().some(({ baseMs }) => baseMs !== undefined),
    'of another, nothing is known',
  );
});

test('whether somebody is limited, and by what, is what the limits say', (t) => {
  const { pacer } = office({ low: 64 * KIB });
  t.true(pacer.isLimited(LOW));
  t.like(pacer.explain(LOW), [{ name: 'low', bytesPerSecond: 64 * KIB }]);
  t.false(pacer.isLimited({ priority: 'high' }));
});
