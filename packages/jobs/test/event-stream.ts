import { EventEmitter } from 'node:events';
import type { JobEvent } from '@peer-cache/protocol';
import test from 'ava';
import { eventStream } from '../src/event-stream.ts';
import type { JobEventEmitter } from '../src/event-stream.ts';

function removed(id: number): JobEvent {
  return { event: 'job-removed', id: String(id), state: 'cancelled' };
}

function idOf(event: JobEvent): string {
  return event.event === 'job-removed' ? event.id : '';
}

/** Reads on until the end. */
async function rest(events: AsyncIterable<JobEvent>): Promise<string[]> {
  const ids: string[] = [];
  for await (const event of events) ids.push(idOf(event));
  return ids;
}

test('events come in order, those that came while nobody read too', async (t) => {
  const emitter: JobEventEmitter = new EventEmitter();
  const stop = new AbortController();
  const events = eventStream(emitter, stop);
  const first = events.next();
  for (const id of [1, 2]) emitter.emit('event', removed(id));
  const ids = [idOf((await first).value ?? removed(0))];
  emitter.emit('event', removed(3));
  for (let read = 0; read < 2; read++) ids.push(idOf((await events.next()).value ?? removed(0)));
  t.deepEqual(ids, ['1', '2', '3']);
  const last = events.next();
  emitter.emit('event', removed(4));
  t.is(idOf((await last).value ?? removed(0)), '4');
  await events.return(undefined);
});

test('the signal ends it, while it waits as well, and nobody listens any more', async (t) => {
  const emitter: JobEventEmitter = new EventEmitter();
  const stop = new AbortController();
  const ids = rest(eventStream(emitter, stop));
  emitter.emit('event', removed(1));
  await new Promise((resolve) => setImmediate(resolve));
  stop.abort();
  t.deepEqual(await ids, ['1']);
  t.is(emitter.listenerCount('event'), 0);
  t.deepEqual(await rest(eventStream(emitter, { signal: AbortSignal.abort() })), []);
});

test('a reader that stops reading is cut off, and what it left unread is let go', async (t) => {
  const emitter: JobEventEmitter = new EventEmitter();
  const events = eventStream(emitter, new AbortController());
  const first = events.next();
  for (let id = 0; id <= 10_001; id++) emitter.emit('event', removed(id));
  await first;
  for (let id = 0; id <= 10_001; id++) emitter.emit('event', removed(id));
  const left = await rest(events);
  t.true(left.length <= 10_002, `${left.length} were read`);
  t.is(emitter.listenerCount('event'), 0);
});
