import { setImmediate as turn } from 'node:timers/promises';
import type { Log } from '@peer-cache/core';
import { silentLog } from '@peer-cache/core';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import type { NotifyTarget } from '../src/config/notify-settings.ts';
import type { Delivery } from '../src/notify/notification.ts';
import { notificationKey } from '../src/notify/notification.ts';
import { openNotifier } from '../src/notify/notifier.ts';
import type { NotificationEvent, NotifierParts } from '../src/notify/notifier.ts';
import { jobSummary, jobTransferred } from './helpers/job-summary.ts';

const TARGET: NotifyTarget = { kind: 'webhook', url: 'http://hooks/secret', on: ['transferred'] };
const ARRIVED: Delivery = { isDelivered: true, facts: { status: 200 } };
const FAILED: Delivery = { isDelivered: false, facts: { status: 503 } };

interface Line {
  readonly facts: object;
  readonly message: string;
}

/** A notifier whose tries go as `deliver` says, that waits no time and keeps its log. */
function notifier(t: ExecutionContext, parts: Partial<NotifierParts>) {
  const lines: Line[] = [];
  const note = (facts: object, message: string): void => void lines.push({ facts, message });
  const log: Log = { debug: note, info: note, warn: note, error: note };
  const waits: number[] = [];
  const wait = async (delayMs: number): Promise<void> => void waits.push(delayMs);
  const defaults = { isStillWanted: () => true, wait };
  const opened = openNotifier({ ...defaults, log, ...parts }, { targets: { chat: TARGET } });
  t.teardown(() => opened[Symbol.asyncDispose]());
  return { opened, lines, waits };
}

function event(id = 'job-1'): NotificationEvent {
  return { ...jobTransferred({ id }), retryDelayMs: 600_000 };
}

async function settled(): Promise<void> {
  for (let count = 0; count < 1000; count++) await turn();
}

test('each try is in the log with target, job, outcome and time, without URL or news', async (t) => {
  const { opened, lines } = notifier(t, { deliver: async () => ARRIVED });
  opened.notify(event(), ['chat']);
  await settled();
  t.like(lines, [
    {
      message: 'notified',
      facts: { target: 'chat', jobId: 'job-1', state: 'transferred', attempt: 1, status: 200 },
    },
  ]);
  t.notRegex(JSON.stringify(lines), /hooks|secret|nightly/);
});

test('four are told at once, the others in their order', async (t) => {
  const open: PromiseWithResolvers<Delivery>[] = [];
  const asked: string[] = [];
  const { opened } = notifier(t, {
    deliver: (_, { jobId }) => {
      asked.push(jobId);
      const answer = Promise.withResolvers<Delivery>();
      open.push(answer);
      return answer.promise;
    },
  });
  for (let number = 1; number <= 6; number++) opened.notify(event(`${number}`), ['chat']);
  t.deepEqual(asked, ['1', '2', '3', '4']);
  open[2]?.resolve(ARRIVED);
  await settled();
  t.deepEqual(asked, ['1', '2', '3', '4', '5']);
  for (let index = 0; index < 6; index++) {
    open[index]?.resolve(ARRIVED);
    await settled();
  }
  t.deepEqual(asked, ['1', '2', '3', '4', '5', '6']);
});

test('a failed try is made again after the delay, until it succeeds', async (t) => {
  const answers = [FAILED, FAILED, ARRIVED, FAILED];
  const { opened, lines, waits } = notifier(t, { deliver: async () => answers.shift() ?? FAILED });
  opened.notify(event(), ['chat']);
  await settled();
  t.deepEqual(waits, [600_000, 600_000]);
  t.deepEqual(
    lines.map(({ message }) => message),
    ['notification failed', 'notification failed', 'notified'],
  );
});

test('it is not made again once the job has moved on', async (t) => {
  let tries = 0;
  const deliver = async (): Promise<Delivery> => {
    tries++;
    return FAILED;
  };
  const isStillWanted = (jobId: string, state: string): boolean => {
    t.deepEqual([jobId, state], ['job-1', 'transferred']);
    return tries < 3;
  };
  const { opened, lines } = notifier(t, { deliver, isStillWanted });
  opened.notify(event(), ['chat']);
  await settled();
  t.is(tries, 3);
  t.is(lines.at(-1)?.message, 'notification no longer wanted');
});

test('after 144 tries it is given up', async (t) => {
  const { opened, lines, waits } = notifier(t, { deliver: async () => FAILED });
  opened.notify(event(), ['chat']);
  await settled();
  t.is(waits.length, 143);
  t.like(lines.at(-1), { message: 'notification given up', facts: { tries: 144 } });
});

test('no wait is longer than a timer can be', async (t) => {
  const { opened, waits } = notifier(t, {
    deliver: async () => FAILED,
    isStillWanted: () => false,
  });
  opened.notify({ ...event(), retryDelayMs: 999 * 24 * 3600 * 1000 }, ['chat']);
  await settled();
  t.deepEqual(waits, [24 * 3600 * 1000]);
});

test('targets are told of what they chose, once each, and only those of the configuration', async (t) => {
  const asked: string[] = [];
  const { opened, lines } = notifier(t, {
    deliver: async ({ kind }, { state }) => {
      asked.push(`${kind} ${state}`);
      return ARRIVED;
    },
  });
  opened.notify({ ...event(), state: 'error' }, ['chat']);
  opened.notify(event(), ['chat', 'chat', 'constructor', 'gone']);
  await settled();
  t.deepEqual(asked, ['webhook transferred']);
  const dropped = lines.filter(({ message }) => message.startsWith('notification dropped'));
  t.like(dropped, [{ facts: { target: 'constructor' } }, { facts: { target: 'gone' } }]);
});

test('what waits for another try goes to the target as it is then', async (t) => {
  const urls: string[] = [];
  const again = Promise.withResolvers<void>();
  const { opened } = notifier(t, {
    wait: () => again.promise,
    deliver: async (target) => {
      urls.push(target.kind === 'webhook' ? target.url : '');
      return urls.length === 1 ? FAILED : ARRIVED;
    },
  });
  opened.notify(event(), ['chat']);
  await settled();
  opened.reconfigure({ targets: { chat: { ...TARGET, url: 'http://other/' } } });
  again.resolve();
  await settled();
  t.deepEqual(urls, ['http://hooks/secret', 'http://other/']);
});

test('disposed, it ends what runs and starts nothing more', async (t) => {
  let ended = 0;
  const opened = openNotifier(
    {
      log: silentLog,
      isStillWanted: () => true,
      deliver: async (_, __, { signal }) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        ended++;
        signal.throwIfAborted();
        return ARRIVED;
      },
    },
    { targets: { chat: TARGET } },
  );
  for (let number = 1; number <= 6; number++) opened.notify(event(`${number}`), ['chat']);
  await opened[Symbol.asyncDispose]();
  opened.notify(event('late'), ['chat']);
  t.is(ended, 4);
});

test('commands are started and webhooks posted to', async (t) => {
  const { opened, lines } = notifier(t, { isStillWanted: () => false });
  const on = ['transferred'] as const;
  opened.reconfigure({
    targets: {
      desk: { kind: 'command', path: '/usr/bin/true', on, timeoutMs: 10_000 },
      chat: { ...TARGET, url: 'http://127.0.0.1:1/' },
    },
  });
  opened.notify(event(), ['desk', 'chat']);
  const deadlineMs = performance.now() + 10_000;
  while (lines.length < 4 && performance.now() < deadlineMs) await turn();
  const tries = lines.filter(({ message }) => message !== 'notification command wrote');
  const told = tries.map(({ message, facts }) => `${message}: ${String(Object(facts).target)}`);
  t.deepEqual(
    new Set(told),
    new Set(['notification failed: chat', 'notification no longer wanted: chat', 'notified: desk']),
  );
});

test('an event has one key, however often it is told, and the next has another', (t) => {
  const job = jobSummary({ id: 'a', state: 'transferred', transferredMs: 7, modifiedMs: 8 });
  t.is(notificationKey({ jobId: 'a', state: 'transferred', job }), 'a:transferred:7');
  const touched = { ...job, modifiedMs: 99 };
  t.is(notificationKey({ jobId: 'a', state: 'transferred', job: touched }), 'a:transferred:7');
  const error = {
    code: 'X',
    message: 'x',
    transient: false,
    context: 'none' as const,
    atMs: 11,
  };
  t.is(notificationKey({ jobId: 'a', state: 'error', job: { ...job, error } }), 'a:error:11');
});
