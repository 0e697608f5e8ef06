import { execFileSync } from 'node:child_process';
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { ServedFolder } from '../src/served-folder.ts';
import { temporaryFolder } from './helpers/files.ts';

const OPEN_SERVED = fileURLToPath(new URL('fixtures/open-served.ts', import.meta.url));

test('plain files are opened, at any depth and with any honest name', async (t) => {
  const { served } = await start(t);
  for (const path of [
    'file',
    'sub/file',
    'sub/deep/file',
    'sp ace/ü:#?%2e.txt',
    'a..b',
    '%2e%2e',
  ]) {
    await using file = await served.openFile(path);
    t.is(String(await file?.handle.readFile()), path);
  }
});

const BAD_PATHS = [
  '',
  '/',
  'file/',
  '/file',
  'sub',
  'sub/',
  'sub//file',
  './file',
  'sub/../file',
  '../secret',
  '..',
  'sub/../../secret',
  '..\\secret',
  'sub\\file',
  'file\0',
  'file\0.txt',
  'missing',
  'file/more',
  'x'.repeat(300),
  'x/'.repeat(3000),
  '.hidden',
  '.git/config',
  'sub/.hidden',
  'file.peer-cache',
  'sub/file.PEER-CACHE',
  '.peer-cache-0123456789abcdef',
  'state/server-secret',
  'state/catalog/x',
  'link-out',
  'link-folder/secret',
  'link-state/server-secret',
  'link-hidden',
  'link-loop',
  'pipe',
];

test('nothing else is', async (t) => {
  const { served } = await start(t);
  for (const path of BAD_PATHS) t.is(await served.openFile(path), undefined, JSON.stringify(path));
});

test('a symbolic link to a served file inside the folder is followed', async (t) => {
  const { served } = await start(t);
  await using file = await served.openFile('link-in');
  t.is(String(await file?.handle.readFile()), 'sub/file');
});

test('dotfiles are served where that is asked for, but no state and no temporary files', async (t) => {
  const { folder } = await start(t);
  const served = await ServedFolder.open({
    folder,
    stateFolder: join(folder, 'state'),
    areDotfilesServed: true,
  });
  await using file = await served.openFile('.git/config');
  t.truthy(file);
  for (const path of [
    '.peer-cache-0123456789abcdef',
    '../secret',
    'sub/../file',
    'state/server-secret',
    'link-state/server-secret',
  ]) {
    t.is(await served.openFile(path), undefined, path);
  }
});

test('a folder that is missing, or a file, is a named error', async (t) => {
  const { folder } = await start(t);
  for (const name of ['missing', 'file']) {
    const opening = ServedFolder.open({ folder: join(folder, name), stateFolder: folder });
    await t.throwsAsync(opening, { code: 'FOLDER_NOT_FOUND' });
  }
});

test('a file without read rights is a named error', async (t) => {
  const { folder } = await start(t);
  await chmod(join(folder, 'file'), 0o200);
  const open = [process.execPath, OPEN_SERVED, folder, 'file'];
  // Root may read everything, so the child is a root without that right.
  const bounds = ['setpriv', '--bounding-set=-dac_override,-dac_read_search'];
  const [command = '', ...args] = process.getuid?.() === 0 ? [...bounds, ...open] : open;
  t.is(execFileSync(command, args, { encoding: 'utf8' }), 'CONTENT_UNREADABLE');
});

/** A folder with files that hold their own path, and every trap around them. */
async function start(t: ExecutionContext) {
  const outside = await temporaryFolder(t);
  const folder = join(outside, 'folder');
  const put = async (path: string) => {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), path);
  };
  await put('file');
  for (const path of ['sub/file', 'sub/deep/file', 'sp ace/ü:#?%2e.txt', 'a..b', '%2e%2e']) {
    await put(path);
  }
  for (const path of ['.hidden', '.git/config', 'sub/.hidden', '../secret']) await put(path);
  for (const path of ['file.peer-cache', 'sub/file.PEER-CACHE']) await put(path);
  await put('.peer-cache-0123456789abcdef');
  for (const path of ['state/server-secret', 'state/catalog/x']) await put(path);
  await symlink('../secret', join(folder, 'link-out'));
  await symlink('..', join(folder, 'link-folder'));
  await symlink('state', join(folder, 'link-state'));
  await symlink('.hidden', join(folder, 'link-hidden'));
  await symlink('link-loop', join(folder, 'link-loop'));
  await symlink('sub/file', join(folder, 'link-in'));
  if (process.platform !== 'win32') execFileSync('mkfifo', [join(folder, 'pipe')]);
  const served = await ServedFolder.open({ folder, stateFolder: join(folder, 'state') });
  return { folder, served };
}
