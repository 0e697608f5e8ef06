import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { hasTmux, Terminal } from './helpers/terminal.ts';
import { User } from './helpers/user.ts';

const BIN = fileURLToPath(new URL('helpers/bin.ts', import.meta.url));
const PATIENCE_MS = 40_000;
const MOST_COLUMNS = 79;
const CONTENT = Buffer.alloc(1_000_000, 7);
const withTmux = (await hasTmux()) ? test.serial : test.serial.skip;

/** An origin that sends half of a content, and the rest when it is told to. */
async function haltingOrigin(t: ExecutionContext): Promise<{ url: string; goOn: () => void }> {
  const waiting = new Set<ServerResponse>();
  let isHalted = true;
  const server = createServer((_, response) => {
    response.setHeader('content-length', CONTENT.length);
    response.write(CONTENT.subarray(0, CONTENT.length / 2));
    if (isHalted) waiting.add(response);
    else response.end(CONTENT.subarray(CONTENT.length / 2));
  });
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const goOn = (): void => {
    isHalted = false;
    for (const response of waiting) response.end(CONTENT.subarray(CONTENT.length / 2));
  };
  return { url: `http://127.0.0.1:${port}`, goOn };
}

withTmux('a real job is watched in a terminal to its end', async (t) => {
  const user = await User.create(t);
  const { url, goOn } = await haltingOrigin(t);
  await user.start('agent', '--set', 'sharing.enabled=false').untilSaid(/agent started/);
  const created = await user.run('job', 'create', `${url}/a.iso`, '--auto-complete');
  t.is(created.code, 0, created.stderr);
  const terminal = await Terminal.open(
    t,
    ['sh', '-c', `"$0" "$1" job watch a.iso; echo "[$?]"; exec cat`, process.execPath, BIN],
    { ...user.env, LANG: 'C.UTF-8' },
  );
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const during = await terminal.untilShown(/^a\.iso {2}transferring, normal, 0 of 1 file$/, {
    signal,
  });
  t.deepEqual(
    during.filter((line) => line.length > MOST_COLUMNS),
    [],
  );
  goOn();
  const after = await terminal.untilShown(/^\[\d+\]$/, { signal });
  t.log(`\n${after.join('\n')}`);
  t.regex(after[0] ?? '', /^a\.iso {2}acknowledged, normal, 1 of 1 file$/);
  t.regex(after[1] ?? '', /^100%/);
  t.regex(after[2] ?? '', /^completed.*: a\.iso, 977 KiB from the origin$/);
  t.deepEqual(after.slice(3), ['[0]']);
});

withTmux('a job that fails is told once under its view', async (t) => {
  const user = await User.create(t);
  await user.start('agent', '--set', 'sharing.enabled=false').untilSaid(/agent started/);
  const terminal = await Terminal.open(
    t,
    [
      'sh',
      '-c',
      `"$0" "$1" job create http://127.0.0.1:9/a -o "$2" --no-overwrite --progress-timeout 0 --wait; echo "[$?]"; exec cat`,
      process.execPath,
      BIN,
      user.path('a'),
    ],
    { ...user.env, LANG: 'C.UTF-8' },
  );
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const lines = await terminal.untilShown(/^\[\d+\]$/, { signal });
  t.log(`\n${lines.join('\n')}`);
  t.is(lines.at(-1), '[4]');
  t.is(lines.join('\n').match(/ORIGIN_UNREACHABLE/g)?.length, 1);
  t.true(lines.every((line) => line.length <= MOST_COLUMNS));
});
