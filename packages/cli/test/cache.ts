import { mkdir, writeFile } from 'node:fs/promises';
import type { CachePage } from '@peer-cache/protocol';
import test from 'ava';
import { cacheView, peersView } from '../src/cache-view.ts';
import { logLine } from '../src/log-view.ts';
import { colorsFor } from '../src/terminal.ts';
import { User } from './helpers/user.ts';

const colors = colorsFor({ isTTY: false });
const WIDE = { columns: 79, colors };
const HOUR_MS = 3_600_000;

test.serial('the store is listed, pinned, verified and cleared', async (t) => {
  const user = await User.create(t);
  await mkdir(user.path('files'));
  await writeFile(user.path('files/a.bin'), Buffer.alloc(200_000, 7));
  const url = await user.startOrigin(user.path('files'));
  await user.startAgent();
  t.is((await user.run('cache', 'list')).stdout, 'the store is empty\n');
  const got = await user.run('get', `${url}/a.bin`, '-q');
  t.is(got.code, 0, got.stderr);
  const page: CachePage = JSON.parse((await user.run('cache', 'list', '--json')).stdout);
  t.is(page.total, 1);
  const short = page.segments[0]?.segmentId.slice(0, 8) ?? '';
  const pinned = await user.run('cache', 'pin', short.toUpperCase());
  t.regex(pinned.stdout, new RegExp(`^${short} is pinned, 196 KiB\n$`), pinned.stderr);
  t.regex((await user.run('cache', 'clear')).stdout, /^removed 0 segments, 0 B; 1 kept/);
  const verified = await user.run('cache', 'verify');
  t.deepEqual([verified.code, verified.stdout], [0, '4 blocks verified, all are right\n']);
  t.is((await user.run('cache', 'unpin', short)).code, 0);
  t.regex((await user.run('cache', 'clear')).stdout, /^removed 1 segment, 196 KiB\n$/);
  t.is((await user.run('cache', 'pin', short)).code, 3);
  t.is((await user.run('cache', 'pin', '75')).code, 2);
});

test.serial('peers and the log of an agent are shown, and followed until Ctrl-C', async (t) => {
  const user = await User.create(t);
  // Alone: others may run on this machine.
  await user.start('agent', '--set', 'sharing.enabled=false').untilSaid(/agent started/);
  t.regex((await user.run('peers')).stdout, /^no peers; /);
  t.deepEqual(JSON.parse((await user.run('peers', '--json')).stdout), { peers: [] });
  t.regex((await user.run('log')).stdout, /^\d{4}-\d\d-\d\d [\d:]{8} info {2}.*agent started/m);
  t.notRegex((await user.run('log', '--level', 'error')).stdout, /agent started/);
  const [first = ''] = (await user.run('log', '--json')).stdout.split('\n');
  t.is(typeof JSON.parse(first).time, 'number');
  const { child, ended, untilSaid } = user.start('log', '--follow');
  await untilSaid(/agent started/);
  child.kill('SIGINT');
  const { code, stderr } = await ended;
  t.deepEqual([code, stderr], [130, '']);
});

test('a page of segments tells how old, how long served, and how many more there are', (t) => {
  const segment = {
    segmentId: '75f7a533'.repeat(4),
    sizeBytes: 2 ** 25,
    storedBytes: 2 ** 24,
    lastUsedMs: 0,
    isPinned: true,
    serveUntilMs: HOUR_MS,
  };
  const page = { segments: [segment], total: 3, next: 'x' };
  t.deepEqual(cacheView(page, { ...WIDE, nowMs: 60_000 }), [
    'SEGMENT     STORED        OF  LAST USED  SERVED FOR  PINNED',
    '75f7a533  16.0 MiB  32.0 MiB  1 min ago  59 min      yes',
    '1 of 3 segments; --all-pages shows all',
  ]);
  const [, over] = cacheView(page, { ...WIDE, nowMs: 2 * HOUR_MS });
  t.regex(over ?? '', / over /);
});

test('peers that gave most come first, and their names obey no terminal', (t) => {
  const lines = peersView(
    [
      { name: '10.0.0.6:7690', receivedBytes: 1 },
      { name: 'evil\u001B[2J', peerId: 'ab'.repeat(16), receivedBytes: 2, lastSeenSeconds: 3 },
    ],
    WIDE,
  );
  t.regex(lines[1] ?? '', /^evil\\u\{1b\}\[2J +abababab +2 B +3\.0 s ago$/);
  t.regex(lines[2] ?? '', /^10\.0\.0\.6:7690 +- +1 B +not met yet$/);
});

test('a record of the log is one line: facts in it are quoted where they have to be', (t) => {
  const record = { level: 40, time: 0, msg: 'two\nlines', part: 'jobs', jobId: 'a', why: 'b c' };
  const line = logLine({ ...record, ms: 5, escape: '\u001B[2J' }, colors);
  t.regex(line, / warn {2}jobs: two lines jobId=a why="b c" ms=5 escape="?\\/);
  t.false(line.includes('\n') || line.includes('\u001B'));
});
