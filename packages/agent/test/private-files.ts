import { chmod, lstat, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { makePrivateFolder, privateRandomBytes } from '../src/private-files.ts';
import { temporaryFolder } from './helpers/temporary-folder.ts';

async function modeOf(path: string): Promise<string> {
  return ((await lstat(path)).mode & 0o777).toString(8);
}

test('a private folder and the secret in it are for their owner alone', async (t) => {
  const folder = join(await temporaryFolder(t), 'deep', 'private');
  const path = join(folder, 'secret');
  t.is((await privateRandomBytes(path, 32)).length, 32);
  t.is(await modeOf(folder), '700');
  t.is(await modeOf(path), '600');
});

test('a secret stays what it was', async (t) => {
  const path = join(await temporaryFolder(t), 'secret');
  t.deepEqual(await privateRandomBytes(path, 32), await privateRandomBytes(path, 32));
});

test('whoever comes at the same moment gets the same secret, and nothing else is left', async (t) => {
  const folder = await temporaryFolder(t);
  const path = join(folder, 'secret');
  const secrets = await Promise.all(Array.from({ length: 8 }, () => privateRandomBytes(path, 32)));
  t.is(new Set(secrets.map((secret) => Buffer.from(secret).toString('hex'))).size, 1);
  t.deepEqual(await readdir(folder), ['secret']);
});

test('a secret that others may read is refused, not repaired', async (t) => {
  const path = join(await temporaryFolder(t), 'secret');
  await privateRandomBytes(path, 32);
  await chmod(path, 0o640);
  await t.throwsAsync(privateRandomBytes(path, 32), { code: 'PRIVATE_FILE' });
});

test('a secret of another size is refused', async (t) => {
  const path = join(await temporaryFolder(t), 'secret');
  await writeFile(path, 'short', { mode: 0o600 });
  await t.throwsAsync(privateRandomBytes(path, 32), { code: 'PRIVATE_FILE' });
});

test('a link in the place of a secret or a folder is refused', async (t) => {
  const folder = await temporaryFolder(t);
  await mkdir(join(folder, 'target'), { mode: 0o700 });
  await symlink(join(folder, 'target'), join(folder, 'link'));
  await t.throwsAsync(makePrivateFolder(join(folder, 'link')), { code: 'PRIVATE_FILE' });
  await writeFile(join(folder, 'file'), Buffer.alloc(32), { mode: 0o600 });
  await symlink(join(folder, 'file'), join(folder, 'secret'));
  await t.throwsAsync(privateRandomBytes(join(folder, 'secret'), 32), { code: 'PRIVATE_FILE' });
});

test('a folder that others may enter is refused and keeps its rights', async (t) => {
  const folder = join(await temporaryFolder(t), 'shared');
  await mkdir(folder);
  await chmod(folder, 0o755);
  await t.throwsAsync(makePrivateFolder(folder), { code: 'PRIVATE_FILE' });
  t.is(await modeOf(folder), '755');
});
