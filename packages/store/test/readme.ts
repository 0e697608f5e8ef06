import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { temporaryFolder } from './helpers/segments.ts';

const PACKAGE = join(import.meta.dirname, '..');

/** What the example takes for granted. */
const BEFORE = `
  import { GIB, silentLog } from '@peer-cache/core';
  import { openFileBlockStore } from '@peer-cache/store';
  import { blockOf, makeSegment } from './test/helpers/segments.ts';
  const made = makeSegment(1);
  const { entry, sizeBytes, blockHashList } = made;
  const { block } = blockOf(made, 0);
  const serveUntilMs = 1e14;
  const folder = process.env.FOLDER;
`;
const AFTER = 'console.log(forUse.bytes.equals(block.bytes), forPeers.count);';

test('the example in the README works', async (t) => {
  const readme = await readFile(join(PACKAGE, 'README.md'), 'utf8');
  const example = /```ts\n(?<code>.*?)```/su.exec(readme)?.groups?.['code'] ?? '';
  const code = BEFORE + example + AFTER;
  const FOLDER = await temporaryFolder(t);
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module-typescript', '--eval', code],
    { cwd: PACKAGE, env: { ...process.env, FOLDER } },
  );
  t.is(stdout, 'true 1\n');
});
