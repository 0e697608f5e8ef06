import { join } from 'node:path';
import type { Log } from '@peer-cache/core';
import { silentLog } from '@peer-cache/core';
import test from 'ava';
import { notifyServiceManager } from '../src/service/service-manager.ts';
import { notifySocket, whyNoNotifySocket } from './helpers/notify-socket.ts';
import { temporaryFolder } from './helpers/temporary-folder.ts';

const why = whyNoNotifySocket();
const withSocket = why === undefined ? test : test.skip;
if (why !== undefined) test(`tests of the service manager are skipped: ${why}`, (t) => t.pass());

withSocket('the service manager is told each state, in order', async (t) => {
  const { path, next } = await notifySocket(t);
  const options = { notifySocket: path };
  await notifyServiceManager({ log: silentLog }, ['READY=1', 'STATUS=Answers at x'], options);
  t.deepEqual(lines(await next()), ['READY=1', 'STATUS=Answers at x']);
  await notifyServiceManager({ log: silentLog }, ['STOPPING=1'], options);
  t.deepEqual(lines(await next()), ['STOPPING=1']);
});

test('without a service manager nobody is told', async (t) => {
  const { log, warnings } = warningLog();
  await notifyServiceManager({ log }, ['READY=1'], { notifySocket: undefined });
  t.deepEqual(warnings, []);
});

test('a service manager that can not be reached stops nothing', async (t) => {
  const { log, warnings } = warningLog();
  const nowhere = join(await temporaryFolder(t), 'nowhere');
  await notifyServiceManager({ log }, ['READY=1'], { notifySocket: nowhere });
  t.deepEqual(warnings, ['could not tell the service manager']);
});

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

function warningLog(): { log: Log; warnings: string[] } {
  const warnings: string[] = [];
  const log = { ...silentLog, warn: (_: object, message: string) => void warnings.push(message) };
  return { log, warnings };
}
