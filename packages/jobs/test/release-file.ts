import { constants } from 'node:fs';
import {
  chmod,
  link,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { dirname } from 'node:path';
import process from 'node:process';
import test from 'ava';
import { dropTemporaries, releaseFile } from '../src/file/release-file.ts';
import { makeTemporary, temporaryPath } from '../src/file/temporary-file.ts';
import type { FileRecord } from '../src/records.ts';
import { temporaryFolder } from './helpers/temporary-folder.ts';
import { fileRecord, jobRecord } from './journal-contract.ts';

const KEEP = { overwrite: false };
const REPLACE = { overwrite: true };

/** A file whose bytes are all here, under its temporary name. */
async function transferred(
  path: string,
  kind: 'part' | 'packed' = 'part',
): Promise<FileRecord & { readonly temporary: NonNullable<FileRecord['temporary']> }> {
  const record = fileRecord(jobRecord(1), 0, { path, state: 'transferred' });
  const at = temporaryPath(path, record, kind);
  const { handle, temporary } = await makeTemporary(at);
  await handle.writeFile('ours');
  await handle.close();
  return { ...record, temporary };
}

async function modeOf(path: string): Promise<number> {
  return (await lstat(path)).mode & 0o7777;
}

test('a file gets its name and leaves none beside it', async (t) => {
  await using folder = await temporaryFolder();
  const file = await transferred(folder.path('a'));
  await releaseFile(file, KEEP);
  t.is(await readFile(folder.path('a'), 'utf8'), 'ours');
  t.deepEqual(await readdir(folder.path('')), ['a']);
});

test('a file is not replaced unless that is wished, and stays as it is', async (t) => {
  await using folder = await temporaryFolder();
  await writeFile(folder.path('a'), 'theirs');
  const file = await transferred(folder.path('a'));
  await t.throwsAsync(releaseFile(file, KEEP), { code: 'FILE_EXISTS' });
  t.is(await readFile(folder.path('a'), 'utf8'), 'theirs');
  await releaseFile(file, REPLACE);
  t.is(await readFile(folder.path('a'), 'utf8'), 'ours');
});

for (const overwrite of [false, true]) {
  const how = overwrite ? 'may be' : 'may not be';

  test(`a folder in the way is never replaced where files ${how}`, async (t) => {
    await using folder = await temporaryFolder();
    await mkdir(folder.path('a'));
    const file = await transferred(folder.path('a'));
    const code = overwrite ? 'FILE_UNWRITABLE' : 'FILE_EXISTS';
    await t.throwsAsync(releaseFile(file, { overwrite }), { code });
    t.true((await lstat(folder.path('a'))).isDirectory());
    t.is(await readFile(file.temporary.path, 'utf8'), 'ours');
  });

  test(`a crash right after the name was given is found out where files ${how} replaced`, async (t) => {
    await using folder = await temporaryFolder();
    const file = await transferred(folder.path('a'));
    await releaseFile(file, KEEP);
    await releaseFile(file, { overwrite });
    t.is(await readFile(folder.path('a'), 'utf8'), 'ours');
  });

  for (const kind of ['part', 'packed'] as const) {
    test(`a crash between link and unlink of ${kind} is carried on where files ${how} replaced`, async (t) => {
      await using folder = await temporaryFolder();
      const file = await transferred(folder.path('a'), kind);
      await link(file.temporary.path, folder.path('a'));
      await releaseFile(file, { overwrite });
      t.is(await readFile(folder.path('a'), 'utf8'), 'ours');
      t.deepEqual(await readdir(folder.path('')), ['a']);
    });
  }
}

test('bytes that are gone are told, and so is another file or a link in their place', async (t) => {
  await using folder = await temporaryFolder();
  const file = await transferred(folder.path('a'));
  const { temporary } = file;
  const isLost = { code: 'TEMPORARY_FILE_LOST' };
  await using _held = await open(temporary.path);
  await rm(temporary.path);
  await t.throwsAsync(releaseFile(file, KEEP), isLost);
  await writeFile(temporary.path, 'theirs');
  await t.throwsAsync(releaseFile(file, KEEP), isLost);
  await rm(temporary.path);
  await writeFile(folder.path('secret'), 'theirs');
  await symlink(folder.path('secret'), temporary.path);
  await t.throwsAsync(releaseFile(file, REPLACE), isLost);
  await t.throwsAsync(releaseFile({ ...file, temporary: undefined }, KEEP), isLost);
  await t.throwsAsync(lstat(folder.path('a')), { code: 'ENOENT' });
});

test('a link under the name is replaced itself, not what it leads to', async (t) => {
  await using folder = await temporaryFolder();
  await writeFile(folder.path('target'), 'theirs');
  await symlink(folder.path('target'), folder.path('a'));
  const file = await transferred(folder.path('a'));
  await t.throwsAsync(releaseFile(file, KEEP), { code: 'FILE_EXISTS' });
  await releaseFile(file, REPLACE);
  t.true((await lstat(folder.path('a'))).isFile());
  t.is(await readFile(folder.path('target'), 'utf8'), 'theirs');
});

test('a new file has the rights of any new file, one that replaces those of the replaced', async (t) => {
  await using folder = await temporaryFolder();
  await releaseFile(await transferred(folder.path('new')), KEEP);
  t.is(await modeOf(folder.path('new')), 0o666 & ~process.umask());
  await writeFile(folder.path('old'), 'theirs');
  await chmod(folder.path('old'), 0o640);
  await releaseFile(await transferred(folder.path('old')), REPLACE);
  t.is(await modeOf(folder.path('old')), 0o640);
});

test('what comes from elsewhere never runs with the rights of its owner', async (t) => {
  await using folder = await temporaryFolder();
  await writeFile(folder.path('a'), 'theirs');
  await chmod(folder.path('a'), 0o4755);
  await releaseFile(await transferred(folder.path('a')), REPLACE);
  t.is(await modeOf(folder.path('a')), 0o755);
});

test('bytes that may not get their name stay private', async (t) => {
  await using folder = await temporaryFolder();
  await writeFile(folder.path('a'), 'theirs');
  await chmod(folder.path('a'), 0o666);
  const file = await transferred(folder.path('a'));
  await t.throwsAsync(releaseFile(file, KEEP), { code: 'FILE_EXISTS' });
  t.is((await modeOf(file.temporary.path)) & 0o022, 0);
});

test('a folder that is gone is told', async (t) => {
  await using folder = await temporaryFolder();
  await mkdir(folder.path('inner'));
  const file = await transferred(folder.path('inner/a'));
  await rm(dirname(file.path), { recursive: true });
  await t.throwsAsync(releaseFile(file, KEEP), { code: 'TEMPORARY_FILE_LOST' });
});

test('dropping removes both temporary files, there or not, and nothing else', async (t) => {
  await using folder = await temporaryFolder();
  const file = await transferred(folder.path('a'));
  await transferred(folder.path('a'), 'packed');
  await writeFile(folder.path('other'), '');
  await dropTemporaries(file);
  await dropTemporaries(file);
  t.deepEqual(await readdir(folder.path('')), ['other']);
  await t.throwsAsync(open(file.temporary.path, constants.O_RDONLY), { code: 'ENOENT' });
});
