import { open, readFile, symlink, writeFile } from 'node:fs/promises';
import { MIB } from '@peer-cache/core';
import type { RequestedRange } from '@peer-cache/protocol';
import test from 'ava';
import { packRanges } from '../src/file/ranges-pack.ts';
import { contentOf } from './helpers/queue-setup.ts';
import { temporaryFolder } from './helpers/temporary-folder.ts';

const CONTENT = contentOf(3 * MIB + 100, 1);

async function packed(path: string, source: string, ranges: readonly RequestedRange[]) {
  await writeFile(source, CONTENT);
  await using handle = await open(source);
  const { sizeBytes, handle: own } = await packRanges(handle, {
    path,
    ranges,
    contentBytes: CONTENT.length,
  });
  await own.close();
  return sizeBytes;
}

test('ranges lie one after the other in their own order, an open one up to the end', async (t) => {
  await using folder = await temporaryFolder();
  const path = folder.path('packed');
  const ranges = [
    { startByte: 2 * MIB },
    { startByte: 5, endByte: 10 },
    { startByte: 100, endByte: 1.5 * MIB },
  ];
  const sizeBytes = await packed(path, folder.path('source'), ranges);
  const wanted = Buffer.concat(
    ranges.map(({ startByte, endByte }) => CONTENT.subarray(startByte, endByte)),
  );
  t.is(sizeBytes, wanted.length);
  t.true((await readFile(path)).equals(wanted));
});

test('what an earlier attempt left is replaced, and a link there leads nowhere', async (t) => {
  await using folder = await temporaryFolder();
  const path = folder.path('packed');
  await writeFile(folder.path('theirs'), 'theirs');
  await symlink(folder.path('theirs'), path);
  for (let attempt = 0; attempt < 2; attempt++) {
    await packed(path, folder.path('source'), [{ startByte: 0, endByte: 3 }]);
    t.true((await readFile(path)).equals(CONTENT.subarray(0, 3)));
  }
  t.is(await readFile(folder.path('theirs'), 'utf8'), 'theirs');
});

test('a source that is too short is an error and no file with a hole', async (t) => {
  await using folder = await temporaryFolder();
  await writeFile(folder.path('source'), 'short');
  await using source = await open(folder.path('source'));
  const ranges = [{ startByte: 0, endByte: 10 }];
  const path = folder.path('packed');
  await t.throwsAsync(packRanges(source, { path, ranges, contentBytes: 10 }), {
    code: 'FILE_UNWRITABLE',
  });
});
