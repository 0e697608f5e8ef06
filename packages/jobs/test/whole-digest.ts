import { createHash } from 'node:crypto';
import { open, writeFile } from 'node:fs/promises';
import { hash, MIB } from '@peer-cache/core';
import test from 'ava';
import { DIGEST_NAMES, digestOfFile, parseDigest } from '../src/file/whole-digest.ts';
import { contentOf } from './helpers/queue-setup.ts';
import { temporaryFolder } from './helpers/temporary-folder.ts';

test('a digest is a known name and as many digits as it has', (t) => {
  const digits = 'aB'.repeat(32);
  t.deepEqual(parseDigest(`SHA256:${digits}`), { name: 'sha256', hex: digits.toLowerCase() });
  t.is(parseDigest(`sha512:${digits.repeat(2)}`)?.name, 'sha512');
  const wrong = ['', digits, `md5:${'0'.repeat(32)}`, `sha256:${digits}00`, `sha384:${digits}`];
  for (const text of [...wrong, `sha256:${'g'.repeat(64)}`, `blake3: ${digits}`]) {
    t.is(parseDigest(text), undefined, text);
  }
});

test('the digest of a file is that of its bytes, by each name', async (t) => {
  await using folder = await temporaryFolder();
  const content = contentOf(2 * MIB + 17, 1);
  await writeFile(folder.path('a'), content);
  await using file = await open(folder.path('a'));
  const { signal } = new AbortController();
  for (const name of DIGEST_NAMES) {
    const wanted =
      name === 'blake3'
        ? Buffer.from(hash(content)).toString('hex')
        : createHash(name).update(content).digest('hex');
    t.is(await digestOfFile(file, name, { signal }), wanted, name);
  }
});

test('hashing ends with its signal', async (t) => {
  await using folder = await temporaryFolder();
  await writeFile(folder.path('a'), 'a');
  await using file = await open(folder.path('a'));
  const signal = AbortSignal.abort(new Error('stopped'));
  await t.throwsAsync(digestOfFile(file, 'sha256', { signal }), { message: 'stopped' });
});
