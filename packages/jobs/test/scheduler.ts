import type { TurnUse } from '@peer-cache/bandwidth';
import { BLOCK_BYTES } from '@peer-cache/core';
import test from 'ava';
import { Scheduler } from '../src/scheduler/scheduler.ts';
import type { Seat } from '../src/scheduler/seat.ts';

/** Takes whatever it is given, as often as it is. */
function greedy(seat: Seat, blocks = 16): { taken: Disposable[]; counts: number[] } {
  const taken: Disposable[] = [];
  const counts: number[] = [];
  const take = (): void => {
    for (let use = seat.ask('origin', blocks); use; use = seat.ask('origin', blocks)) {
      taken.push(use);
      counts.push(use.blocks);
    }
  };
  seat.onFree(take);
  take();
  return { taken, counts };
}

/** All that was asked for comes. */
function bring(use: TurnUse | undefined): void {
  use?.received(use.blocks * BLOCK_BYTES);
  use?.[Symbol.dispose]();
}

test('a job that is alone may have all there is', (t) => {
  const scheduler = new Scheduler();
  const { counts } = greedy(scheduler.enter('a', 'normal'));
  t.deepEqual(counts, [16, 16, 16, 16]);
});

test('jobs of one priority take turns of two blocks', (t) => {
  const scheduler = new Scheduler();
  const [first, second] = [scheduler.enter('a', 'low'), scheduler.enter('b', 'low')];
  t.is(first.ask('origin', 16)?.blocks, 2);
  t.is(second.ask('peer', 16)?.blocks, 2);
  t.is(second.ask('peer', 1)?.blocks, 1);
});

test('no more requests and blocks are under way than may be', (t) => {
  const scheduler = new Scheduler({ originRequests: 3, originBlocks: 10 });
  t.deepEqual(greedy(scheduler.enter('a', 'normal'), 4).counts, [4, 4, 2]);
  const narrow = new Scheduler({ originRequests: 3, originBlocks: 10 });
  t.deepEqual(greedy(narrow.enter('a', 'normal'), 1).counts, [1, 1, 1]);
});

test('a seat of a higher priority stops all lower ones from the moment it is there', (t) => {
  const scheduler = new Scheduler();
  const low = scheduler.enter('a', 'low');
  t.truthy(low.ask('peer', 1));
  const high = scheduler.enter('b', 'high');
  t.is(low.ask('peer', 1), undefined);
  t.is(low.ask('origin', 1), undefined);
  t.truthy(high.ask('origin', 1));
});

test('what lower priorities have under way takes no room from a higher one', (t) => {
  const scheduler = new Scheduler({ originRequests: 3, originBlocks: 10 });
  const low = scheduler.enter('a', 'low');
  const { taken } = greedy(low, 4);
  const high = scheduler.enter('b', 'high');
  t.deepEqual(greedy(high, 4).counts, [4, 4, 2]);
  t.is(scheduler.enter('c', 'foreground').ask('origin', 4)?.blocks, 4);
  for (const each of taken) each[Symbol.dispose]();
  t.is(low.ask('origin', 1), undefined);
});

test('what higher priorities have under way takes room from a lower one', (t) => {
  const scheduler = new Scheduler({ originRequests: 3, originBlocks: 10 });
  const high = scheduler.enter('a', 'high');
  const { taken } = greedy(high, 4);
  const low = scheduler.enter('b', 'low');
  // Without a seat it holds nobody back, but what it asked for still comes.
  high[Symbol.dispose]();
  const { counts } = greedy(low, 4);
  t.deepEqual(counts, []);
  taken.at(-1)?.[Symbol.dispose]();
  t.deepEqual(counts, [2]);
});

test('a job that waits, or has lost its seat, holds nobody back', (t) => {
  const scheduler = new Scheduler();
  const high = scheduler.enter('a', 'foreground');
  const low = scheduler.enter('b', 'normal');
  const { counts } = greedy(low);
  t.is(counts.length, 0);
  high.isWaiting = true;
  t.is(counts.length, 4);
  high.ask('origin', 1);
  t.false(high.isWaiting);
  t.is(low.ask('peer', 1), undefined);
  high[Symbol.dispose]();
  t.truthy(low.ask('peer', 1));
});

test('a job that waits holds lower ones back until its requests have ended', (t) => {
  const scheduler = new Scheduler();
  const high = scheduler.enter('a', 'high');
  const low = scheduler.enter('b', 'normal');
  const use = high.ask('origin', 1);
  high.isWaiting = true;
  t.is(low.ask('origin', 1), undefined);
  use?.[Symbol.dispose]();
  t.truthy(low.ask('origin', 1));
});

test('a job whose priority is raised goes first at once, and one that is lowered waits', (t) => {
  const scheduler = new Scheduler();
  const [first, second] = [scheduler.enter('a', 'normal'), scheduler.enter('b', 'normal')];
  first.setPriority('high');
  t.is(second.ask('origin', 1), undefined);
  t.truthy(first.ask('origin', 1));
  const { counts } = greedy(second);
  first.setPriority('low');
  t.true(counts.length > 0);
  t.is(first.ask('origin', 1), undefined);
  t.is(first.priority, 'low');
});

test('whoever was served least is called back first, and of equals who waits for longest', (t) => {
  const scheduler = new Scheduler({ originRequests: 1 });
  const order: string[] = [];
  let under: TurnUse | undefined;
  for (const id of ['a', 'b', 'c']) {
    const seat = scheduler.enter(id, 'normal');
    const take = (): void => {
      const use = seat.ask('origin', id === 'b' ? 1 : 2);
      if (use === undefined) return;
      order.push(id);
      under = use;
      seat.ask('origin', 1);
    };
    seat.onFree(take);
    take();
  }
  for (let turn = 0; turn < 8; turn++) bring(under);
  // B and C came when A had had two blocks, and so did not have to be waited for.
  t.is(order.join(''), 'aabcbacbb');
});

test('who does not ask when it is called back is passed over', (t) => {
  const scheduler = new Scheduler({ originRequests: 1 });
  const [first, phantom, third] = ['a', 'b', 'c'].map((id) => scheduler.enter(id, 'normal'));
  const use = first?.ask('origin', 1);
  t.is(phantom?.ask('origin', 1), undefined);
  let calls = 0;
  phantom?.onFree(() => calls++);
  const { counts } = third === undefined ? { counts: [] } : greedy(third);
  use?.[Symbol.dispose]();
  t.is(calls, 1);
  t.is(counts.length, 1);
});

test('the transfers of one job take turns at its seat', (t) => {
  const scheduler = new Scheduler({ originRequests: 1 });
  const seat = scheduler.enter('a', 'normal');
  const order: string[] = [];
  let under = seat.ask('origin', 1);
  for (const file of ['x', 'y', 'z']) {
    const take = (): void => {
      const use = seat.ask('origin', 1);
      if (use === undefined) return;
      under = use;
      order.push(file);
    };
    seat.onFree(take);
    take();
  }
  for (let turn = 0; turn < 6; turn++) under?.[Symbol.dispose]();
  t.is(order.join(''), 'xyzxyz');
});

test('a listener is not called after it was disposed, nor after its seat was', (t) => {
  const scheduler = new Scheduler({ originRequests: 1 });
  const [first, second] = [scheduler.enter('a', 'normal'), scheduler.enter('b', 'normal')];
  let calls = 0;
  const listening = second.onFree(() => calls++);
  const use = first.ask('origin', 1);
  second.ask('origin', 1);
  listening[Symbol.dispose]();
  use?.[Symbol.dispose]();
  second.onFree(() => calls++);
  const other = first.ask('origin', 1);
  second.ask('origin', 1);
  second[Symbol.dispose]();
  other?.[Symbol.dispose]();
  t.is(calls, 0);
});

test('a request counts until it is disposed, once, whether its seat is there or not', (t) => {
  const scheduler = new Scheduler({ originRequests: 2 });
  const seat = scheduler.enter('a', 'normal');
  const [one, other] = [seat.ask('origin', 1), seat.ask('origin', 1)];
  seat[Symbol.dispose]();
  t.is(seat.ask('peer', 1), undefined);
  const next = scheduler.enter('a', 'normal');
  t.is(next.ask('origin', 1), undefined);
  one?.[Symbol.dispose]();
  one?.[Symbol.dispose]();
  t.truthy(next.ask('origin', 1));
  t.is(next.ask('origin', 1), undefined);
  other?.[Symbol.dispose]();
  t.truthy(next.ask('origin', 1));
});

test('what did not come is given back, all but one block; what came in excess is charged', (t) => {
  const scheduler = new Scheduler();
  const seat = scheduler.enter('a', 'normal');
  const blocksServed = (): number => (scheduler.serviceOf('a') ?? 0) / BLOCK_BYTES;
  const whole = seat.ask('origin', 16);
  t.is(blocksServed(), 16);
  whole?.received(40 * BLOCK_BYTES);
  t.is(blocksServed(), 40);
  whole?.[Symbol.dispose]();
  seat.ask('origin', 16)?.[Symbol.dispose]();
  t.is(blocksServed(), 41);
  const part = seat.ask('origin', 16);
  part?.received(3 * BLOCK_BYTES);
  part?.[Symbol.dispose]();
  part?.received(BLOCK_BYTES);
  t.is(blocksServed(), 44);
});

test('what a job was served outlives its seat, until it is forgotten', (t) => {
  const scheduler = new Scheduler();
  scheduler.enter('a', 'normal').ask('peer', 20);
  const seat = scheduler.enter('b', 'normal');
  seat[Symbol.dispose]();
  t.is(scheduler.serviceOf('a'), 20 * BLOCK_BYTES);
  t.is(scheduler.serviceOf('b'), undefined);
  scheduler.forget('a');
  t.is(scheduler.serviceOf('a'), undefined);
});

test('a job whose sources are slow does not hold all requests there are', (t) => {
  const scheduler = new Scheduler();
  const [slow, quick] = [scheduler.enter('a', 'normal'), scheduler.enter('b', 'normal')];
  let done = 0;
  bring(quick.ask('origin', 2));
  for (let round = 0; round < 100; round++) {
    slow.ask('origin', 2);
    const use = quick.ask('origin', 2);
    if (use !== undefined) done++;
    bring(use);
  }
  t.is(done, 100);
});

test('a job has one seat', (t) => {
  const scheduler = new Scheduler();
  using _ = scheduler.enter('a', 'normal');
  t.throws(() => scheduler.enter('a', 'low'), { instanceOf: RangeError });
});

test('a limit that is no positive integer is refused', (t) => {
  t.throws(() => new Scheduler({ originBlocks: 0 }), { instanceOf: RangeError });
  t.throws(() => new Scheduler({ blocksWhenShared: 1.5 }), { instanceOf: RangeError });
});
