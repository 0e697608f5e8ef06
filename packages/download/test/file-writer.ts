import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { fileError } from '../src/sinks/file-error.ts';
import { openFileSink } from '../src/sinks/file-sink.ts';
import { openFileWriter } from '../src/sinks/file-writer.ts';
import { contentOf } from './helpers/parts.ts';

const PIECE_BYTES = 10_000;
const BYTES = contentOf(200 * PIECE_BYTES);

async function temporaryFolder() {
  const path = await mkdtemp(join(tmpdir(), 'peer-cache-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

test('pieces in any order are all in the file when the writer has settled', async (t) => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, 'file');
  await using file = await open(path, 'w+');
  const writer = openFileWriter(file, path);
  const starts = Array.from({ length: 200 }, (_, index) => ((index * 7) % 200) * PIECE_BYTES);
  const writes = starts.map((startByte) =>
    writer.write(startByte, BYTES.subarray(startByte, startByte + PIECE_BYTES)),
  );
  let written = 0;
  for (const write of writes) void write.then(() => written++);
  await writer.settled();
  t.is(written, 200);
  t.true((await readFile(path)).equals(BYTES));
  await Promise.all(writes);
});

test('a write that fails says which file, and settling does not fail', async (t) => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, 'file');
  await using file = await open(path, 'w');
  await file.close();
  await using readOnly = await open(path, 'r');
  const writer = openFileWriter(readOnly, path);
  const write = writer.write(0, BYTES);
  const error = await t.throwsAsync(write);
  t.like(error, { code: 'FILE_UNWRITABLE' });
  t.true(error?.message.includes(path));
  await t.notThrowsAsync(writer.settled());
});

for (const [systemCode, code, transient] of [
  ['ENOSPC', 'DISK_FULL', true],
  ['EDQUOT', 'DISK_FULL', true],
  ['EMFILE', 'TOO_MANY_FILES', true],
  ['ENFILE', 'TOO_MANY_FILES', true],
  ['EACCES', 'FILE_UNWRITABLE', false],
  ['EIO', 'FILE_UNWRITABLE', false],
] as const) {
  test(`${systemCode} is ${code}`, (t) => {
    const cause = Object.assign(new Error(systemCode), { code: systemCode });
    t.like(fileError('/file', cause), { code, transient, cause });
  });
}

test('a file sink that begins again forgets what it had', async (t) => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, 'file');
  await using sink = await openFileSink(path, { overwrite: false });
  await sink.begin();
  await sink.write(0, BYTES);
  await sink.begin();
  await sink.write(0, Buffer.from('new'));
  await sink.commit();
  t.is(await readFile(path, 'utf8'), 'new');
});
