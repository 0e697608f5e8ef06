import { once } from 'node:events';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { MIB } from '@peer-cache/core';
import test from 'ava';
import { Value } from 'typebox/value';
import { LOG_RECORD } from '../src/control/agent-schemas.ts';
import { LiveAnswer } from '../src/control/live-answer.ts';
import { LogRing } from '../src/log/log-ring.ts';
import { recordedLog } from '../src/log/log.ts';
import { controlCall } from './helpers/control-call.ts';
import { serveControl } from './helpers/controlled-agent.ts';

test('the log is kept from level info on, also when none of it is written', async (t) => {
  const records = new LogRing();
  const { log } = recordedLog(2, 'silent', records);
  log.child({ part: 'store' }).info({ bytes: 5 }, 'segment evicted');
  log.debug('too much');
  log.error({ err: new Error('bad') }, 'request failed');
  const { status, text } = await controlCall(await serveControl(t, { records }), '/v1/log');
  t.is(status, 200);
  const lines: unknown[] = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  t.true(lines.every((line) => Value.Check(LOG_RECORD, line)));
  t.like(lines, [
    { level: 30, part: 'store', bytes: 5, msg: 'segment evicted' },
    { level: 50, msg: 'request failed' },
  ]);
});

test('a level leaves out what is below it', async (t) => {
  const records = new LogRing();
  const { log } = recordedLog(2, 'silent', records);
  log.info('a');
  log.warn('b');
  const socketPath = await serveControl(t, { records });
  const { text } = await controlCall(socketPath, '/v1/log?level=warn');
  t.like(JSON.parse(text), { msg: 'b' });
  t.is((await controlCall(socketPath, '/v1/log?level=loud')).status, 400);
  t.is((await controlCall(socketPath, '/v1/log?level=error')).text, '');
});

test('who follows gets what is kept and then what comes', async (t) => {
  const records = new LogRing();
  const { log } = recordedLog(2, 'silent', records);
  log.info('before');
  const socketPath = await serveControl(t, { records });
  const outgoing = request({ socketPath, path: '/v1/log?follow=1', agent: false });
  outgoing.end();
  t.teardown(() => outgoing.destroy());
  const { promise, resolve } = Promise.withResolvers<IncomingMessage>();
  outgoing.once('response', resolve);
  const answer = (await promise).setEncoding('utf8');
  t.like(JSON.parse(String((await once(answer, 'data'))[0])), { msg: 'before' });
  log.info('after');
  t.like(JSON.parse(String((await once(answer, 'data'))[0])), { msg: 'after' });
});

test('a long log is no reason to cut its reader off', async (t) => {
  const answer = new LiveAnswer('a'.repeat(2 * MIB));
  answer.tell('b');
  t.false(answer.destroyed);
  answer.tell('b'.repeat(MIB));
  t.true(answer.destroyed);
});
