import { EventEmitter, getEventListeners } from 'node:events';
import { Board } from '@peer-cache/ownership';
import type { StoreEvents } from '@peer-cache/store';
import test from 'ava';
import { ChangeWatch } from '../src/change-watch.ts';

/** Who waits keeps no process alive: these tests do. */
const alive = setInterval(() => undefined, 1000);
test.after.always(() => clearInterval(alive));

const { signal } = new AbortController();
const [a, b] = ['aa', 'bb'];

function watched() {
  const events = new EventEmitter<StoreEvents>();
  const board = new Board();
  const watch = new ChangeWatch({ events, board, now: () => performance.now() });
  const change = (name: string): void => {
    events.emit('segment-changed', { segmentId: Buffer.from(name, 'hex') });
  };
  return { watch, change, events, board };
}

test('who waits is told of what it watches, and of nothing else', async (t) => {
  const { watch, change } = watched();
  const waiter = watch.watch([a]);
  const waiting = waiter.next(10_000, { signal });
  change(b);
  change(a);
  t.deepEqual([...(await waiting)], [a]);
});

test('what changes between two waits ends the second at once', async (t) => {
  const { watch, change } = watched();
  const waiter = watch.watch([a, b, b]);
  change(a);
  change(b);
  t.deepEqual([...(await waiter.next(10_000, { signal }))], [a, b]);
  t.deepEqual([...(await waiter.next(1, { signal }))], []);
});

test('a wait ends with its signal', async (t) => {
  const { watch } = watched();
  const controller = new AbortController();
  const waiting = watch.watch([a]).next(10_000, { signal: controller.signal });
  controller.abort();
  t.is((await waiting).size, 0);
  t.is((await watch.watch([a]).next(10_000, { signal: controller.signal })).size, 0);
});

test('waits leave nothing behind on their signal', async (t) => {
  const controller = new AbortController();
  const { watch, change } = watched();
  const waiter = watch.watch([a]);
  for (let count = 0; count < 5; count++) {
    const waiting = waiter.next(10_000, { signal: controller.signal });
    change(a);
    await waiting;
  }
  t.is(getEventListeners(controller.signal, 'abort').length, 0);
});

test('who is done is told no more, and the store is left alone at the end', async (t) => {
  const { watch, change, events, board } = watched();
  const waiter = watch.watch([a]);
  waiter[Symbol.dispose]();
  change(a);
  t.is((await waiter.next(0, { signal })).size, 0);
  watch[Symbol.dispose]();
  t.is(events.listenerCount('segment-changed'), 0);
  t.is(board.events.listenerCount('segment-changed'), 0);
});
