import { execFileSync } from 'node:child_process';
import { appendFileSync, writeFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ContentHasher, MIB } from '@peer-cache/core';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { ContentFile } from '../src/content-file.ts';
import { FileHasher, HASHED_HERE_BYTES } from '../src/hash-file.ts';
import { makeFile, temporaryFolder } from './helpers/files.ts';

const hashesLikeTheContent = test.macro<[number]>({
  async exec(t, sizeBytes) {
    const { path, bytes } = await fileOf(t, sizeBytes);
    await using file = await openFile(path);
    await using hasher = new FileHasher();
    const content = await hasher.hash(file);
    const expected = new ContentHasher();
    expected.update(bytes);
    t.deepEqual(plain(content), plain(expected.finish()));
  },
  title: (_, sizeBytes) => `a file of ${sizeBytes} bytes is hashed like its bytes`,
});

for (const sizeBytes of [0, 1, 1024, 1025, 65_535, 65_536, 65_537, 5 * MIB + 1]) {
  test(hashesLikeTheContent, sizeBytes);
}
for (const sizeBytes of [HASHED_HERE_BYTES - 1, HASHED_HERE_BYTES, HASHED_HERE_BYTES + 1]) {
  test(hashesLikeTheContent, sizeBytes);
}

test('the digest is what b3sum prints', async (t) => {
  const { path } = await fileOf(t, HASHED_HERE_BYTES + 12_345);
  let printed: string;
  try {
    printed = execFileSync('b3sum', ['--no-names', path], { encoding: 'utf8' });
  } catch {
    t.log('skipped: no b3sum on this machine');
    t.pass();
    return;
  }
  await using file = await openFile(path);
  await using hasher = new FileHasher();
  const { digest } = await hasher.hash(file);
  t.is(Buffer.from(digest).toString('hex'), printed.trim());
});

test('several large files at once are each hashed right, and the threads are used again', async (t) => {
  const made = await Promise.all([1, 2, 3].map((seed) => fileOf(t, HASHED_HERE_BYTES + seed)));
  await using hasher = new FileHasher();
  for (let round = 0; round < 2; round++) {
    await Promise.all(
      made.map(async ({ path, bytes }) => {
        await using file = await openFile(path);
        const expected = new ContentHasher();
        expected.update(bytes);
        t.deepEqual(plain(await hasher.hash(file)), plain(expected.finish()));
      }),
    );
  }
});

for (const sizeBytes of [100_000, HASHED_HERE_BYTES + 1]) {
  test(`a file of ${sizeBytes} bytes that is written to while it is hashed is refused`, async (t) => {
    const { path } = await fileOf(t, sizeBytes);
    await using file = await openFile(path);
    await using hasher = new FileHasher();
    const hashing = hasher.hash(file);
    appendFileSync(path, 'more');
    await t.throwsAsync(hashing, { code: 'CONTENT_CHANGED' });
  });

  test(`a file of ${sizeBytes} bytes that is cut off while it is hashed is refused`, async (t) => {
    const { path } = await fileOf(t, sizeBytes);
    await using file = await openFile(path);
    await using hasher = new FileHasher();
    await file.handle.stat();
    await writeFile(path, 'short');
    await t.throwsAsync(hasher.hash(file), { code: 'CONTENT_CHANGED' });
  });
}

test('a file that another takes the place of while it is hashed is refused', async (t) => {
  const { path } = await fileOf(t, 100_000);
  await using file = await openFile(path);
  await using hasher = new FileHasher();
  await makeFile(`${path}.new`, 100_000, 7);
  await rename(`${path}.new`, path);
  await t.throwsAsync(hasher.hash(file), { code: 'CONTENT_CHANGED' });
});

test('a signal ends hashing, and the hasher can be used again', async (t) => {
  const { path, bytes } = await fileOf(t, HASHED_HERE_BYTES + 1);
  await using file = await openFile(path);
  await using hasher = new FileHasher();
  const controller = new AbortController();
  const hashing = hasher.hash(file, { signal: controller.signal });
  controller.abort(new Error('enough'));
  await t.throwsAsync(hashing, { message: 'enough' });
  const expected = new ContentHasher();
  expected.update(bytes);
  t.deepEqual(plain(await hasher.hash(file)), plain(expected.finish()));
});

test('disposing ends what is hashed', async (t) => {
  const { path } = await fileOf(t, HASHED_HERE_BYTES + 1);
  await using file = await openFile(path);
  const hasher = new FileHasher();
  const refused = t.throwsAsync(hasher.hash(file), { message: /disposed/ });
  await hasher[Symbol.asyncDispose]();
  await refused;
  await t.throwsAsync(hasher.hash(file), { message: /disposed/ });
});

test('a failing disk is a named error', async (t) => {
  const { path } = await fileOf(t, HASHED_HERE_BYTES + 1);
  const file = await openFile(path);
  await using hasher = new FileHasher();
  await file.handle.close();
  await t.throwsAsync(hasher.hash(file), { code: 'CONTENT_UNREADABLE' });
});

test('a file that was just changed is opened when its next change would show', async (t) => {
  // Linux before 6.13, and other systems, stamp two changes within a tick of 10 ms alike.
  const { path } = await fileOf(t, 10);
  const etags = new Set<string>();
  for (let change = 0; change < 5; change++) {
    writeFileSync(path, String(change).padStart(10));
    await using file = await openFile(path);
    t.true(Date.now() >= Number(file.stats.ctimeMs) + 15);
    etags.add(file.etag);
  }
  t.is(etags.size, 5);
});

async function fileOf(t: ExecutionContext, sizeBytes: number) {
  const path = join(await temporaryFolder(t), 'content');
  return { path, bytes: await makeFile(path, sizeBytes) };
}

async function openFile(path: string): Promise<ContentFile> {
  const file = await ContentFile.open(path);
  if (file === undefined) throw new Error(`${path} is no plain file`);
  return file;
}

/** Threads give Uint8Array where Buffer went in: the same bytes. */
function plain(value: { blockHashLists: readonly Uint8Array[]; digest: Uint8Array }) {
  return {
    ...value,
    digest: Buffer.from(value.digest),
    blockHashLists: value.blockHashLists.map((list) => Buffer.from(list)),
  };
}
