import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { notifyCommandProblem, openNotifyCommand } from '../src/notify/notify-command.ts';
import { temporaryFolder } from './helpers/temporary-folder.ts';

const asRoot = process.getuid?.() === 0 ? test : test.skip;
const NOBODY = 65_534;

async function writeProgram(path: string, text = '#!/bin/sh\n'): Promise<string> {
  await writeFile(path, text);
  await chmod(path, 0o755);
  return path;
}

test('a program of this user or of root may be started', async (t) => {
  const own = await writeProgram(join(await temporaryFolder(t), 'tell'));
  t.is(await notifyCommandProblem(own), undefined);
  t.is(await notifyCommandProblem('/usr/bin/env'), undefined);
});

test('one that others can write to may not, and the error says what to run', async (t) => {
  const path = await writeProgram(join(await temporaryFolder(t), 'tell'));
  for (const mode of [0o775, 0o757]) {
    await chmod(path, mode);
    t.true((await notifyCommandProblem(path))?.includes(`chmod go-w ${path}`));
  }
});

test('one in a folder that others can write to may not, however far above', async (t) => {
  const top = join(await temporaryFolder(t), 'top');
  await mkdir(join(top, 'inner'), { recursive: true });
  const path = await writeProgram(join(top, 'inner', 'tell'));
  await chmod(top, 0o770);
  t.true((await notifyCommandProblem(path))?.includes(`chmod go-w ${top}`));
  // As /tmp is: what this user has there stays this user's.
  await chmod(top, 0o1777);
  t.is(await notifyCommandProblem(path), undefined);
});

asRoot('one of another user may not, nor one in a folder of another user', async (t) => {
  const folder = join(await temporaryFolder(t), 'theirs');
  await mkdir(folder);
  const path = await writeProgram(join(folder, 'tell'));
  await chown(path, NOBODY, NOBODY);
  t.regex((await notifyCommandProblem(path)) ?? '', /user 65534 owns it/);
  await chown(path, 0, 0);
  await chown(folder, NOBODY, NOBODY);
  t.regex((await notifyCommandProblem(path)) ?? '', /user 65534 owns the folder/);
});

test('links, folders, named pipes and nothing at all are no programs', async (t) => {
  const folder = await temporaryFolder(t);
  const real = await writeProgram(join(folder, 'tell'));
  await symlink(real, join(folder, 'link'));
  await symlink(folder, `${folder}/here`);
  await promisify(execFile)('mkfifo', ['-m', '700', join(folder, 'pipe')]);
  const problem = (name: string): Promise<string | undefined> =>
    notifyCommandProblem(join(folder, name));
  t.true((await problem('link'))?.includes(`name ${real}`));
  t.true((await problem('here/tell'))?.includes(`name ${real}`));
  t.regex((await problem('.')) ?? '', /no regular file/);
  t.regex((await problem('pipe')) ?? '', /no regular file/);
  t.regex((await problem('missing')) ?? '', /can't be opened \(ENOENT\)/);
});

test('what was checked is what is open, whatever is put in its place', async (t) => {
  const folder = await temporaryFolder(t);
  const path = await writeProgram(join(folder, 'tell'), '#!/bin/sh\n# the first\n');
  const other = await writeProgram(join(folder, 'other'), '#!/bin/sh\n# the second\n');
  await using file = await openNotifyCommand(path);
  await rename(other, path);
  t.regex(await file.readFile('utf8'), /the first/);
});
