import { chmod, chown, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { publicServerSecret, serverSecretFrom } from '@peer-cache/core';
import test from 'ava';
import { findServerSecret, openServerSecret } from '../src/server-secret.ts';
import { openTerms } from '../src/terms.ts';
import { temporaryFolder } from './helpers/files.ts';

const IS_ROOT = process.getuid?.() === 0;

test('the secret is made once, of 32 random bytes that only the owner may read', async (t) => {
  const stateFolder = join(await temporaryFolder(t), 'deep', 'state');
  t.is(await findServerSecret(stateFolder), undefined);
  const secret = await openServerSecret(stateFolder);
  const path = join(stateFolder, 'server-secret');
  t.is((await stat(path)).mode & 0o777, 0o600);
  t.is((await stat(stateFolder)).mode & 0o777, 0o700);
  t.is((await stat(path)).size, 32);
  t.deepEqual(secret, serverSecretFrom(await readFile(path)));
  t.deepEqual(await openServerSecret(stateFolder), secret);
  t.deepEqual(await findServerSecret(stateFolder), secret);
});

test('two folders have two secrets', async (t) => {
  const one = await openServerSecret(await temporaryFolder(t));
  t.notDeepEqual(await openServerSecret(await temporaryFolder(t)), one);
});

test('many that start at once agree on one secret', async (t) => {
  for (let round = 0; round < 10; round++) {
    const stateFolder = join(await temporaryFolder(t), 'state');
    const openings = Array.from({ length: 8 }, () => openServerSecret(stateFolder));
    const secrets = await Promise.all(openings);
    t.is(new Set(secrets.map((secret) => Buffer.from(secret).toString('hex'))).size, 1);
    t.deepEqual(await readdir(stateFolder), ['server-secret']);
  }
});

const refuses = test.macro<[string, (path: string) => Promise<void>]>({
  async exec(t, _what, spoil) {
    const stateFolder = await temporaryFolder(t);
    await openServerSecret(stateFolder);
    await spoil(join(stateFolder, 'server-secret'));
    await t.throwsAsync(openServerSecret(stateFolder), { code: 'SERVER_SECRET_UNSAFE' });
    await t.throwsAsync(openTerms({ stateFolder }), { code: 'SERVER_SECRET_UNSAFE' });
  },
  title: (_, what) => `a secret file ${what} is refused`,
});

test(refuses, 'that the group may read', (path) => chmod(path, 0o640));
test(refuses, 'that anybody may write', (path) => chmod(path, 0o602));
test(refuses, 'of 31 bytes', (path) => writeFile(path, Buffer.alloc(31)));
test(refuses, 'of 5000 bytes', (path) => writeFile(path, Buffer.alloc(5000)));
(IS_ROOT ? test : test.skip)(refuses, 'of another user', (path) => chown(path, 1, 0));

test('a secret file that is a symbolic link or a folder is refused', async (t) => {
  const linked = await temporaryFolder(t);
  const elsewhere = join(linked, 'elsewhere');
  await writeFile(elsewhere, Buffer.alloc(32, 1), { mode: 0o600 });
  await symlink(elsewhere, join(linked, 'server-secret'));
  await t.throwsAsync(openServerSecret(linked), { code: 'SERVER_SECRET_UNSAFE' });
  const folder = await temporaryFolder(t);
  await mkdir(join(folder, 'server-secret'));
  await t.throwsAsync(openServerSecret(folder), { code: 'SERVER_SECRET_UNSAFE' });
});

test('a state folder that can not be made is a named error', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'file'), '');
  await t.throwsAsync(openServerSecret(join(folder, 'file', 'state')), {
    code: 'STATE_FOLDER_UNUSABLE',
  });
});

test('the public secret is used only where it is asked for, and touches no folder', async (t) => {
  const stateFolder = join(await temporaryFolder(t), 'state');
  const terms = await openTerms({ stateFolder, isPublic: true });
  t.deepEqual(terms.serverSecret, publicServerSecret());
  t.true(terms.isPublic);
  await t.throwsAsync(stat(stateFolder), { code: 'ENOENT' });
  const own = await openTerms({ stateFolder });
  t.false(own.isPublic);
  t.notDeepEqual(own.serverSecret, publicServerSecret());
});

test('terms that no client would accept are refused', async (t) => {
  const stateFolder = await temporaryFolder(t);
  for (const serveForSeconds of [-1, 1.5, 401 * 24 * 60 * 60]) {
    await t.throwsAsync(openTerms({ stateFolder, serveForSeconds }), { instanceOf: RangeError });
  }
  const both = { stateFolder, isPublic: true, serverSecret: Buffer.alloc(32) };
  await t.throwsAsync(openTerms(both), { instanceOf: RangeError });
});
