import { appendFileSync, utimesSync } from 'node:fs';
import {
  appendFile,
  chmod,
  chown,
  copyFile,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import {
  decodeRoot,
  HOUR_MS,
  MIB,
  publicServerSecret,
  segmentSecretOf,
  silentLog,
} from '@peer-cache/core';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { nginxEtag } from '../src/publish-file.ts';
import { publishFolder } from '../src/publish-folder.ts';
import type { PublishOptions } from '../src/publish-folder.ts';
import { makeFile, temporaryFolder } from './helpers/files.ts';
import { checkInformation } from './helpers/information.ts';

const IS_ROOT = process.getuid?.() === 0;
const SIZES = [0, 1, 1024, 1025, 65_535, 65_536, 65_537, 32 * MIB + 1];

test('every file gets a sidecar that verifies against it', async (t) => {
  const { folder, publish, put } = await start(t);
  const made = new Map<string, Buffer>();
  for (const sizeBytes of SIZES) {
    const name = `deep/${sizeBytes}`;
    made.set(name, await put(`${name}.bin`, sizeBytes));
  }
  const events = await publish();
  t.deepEqual(events, [...SIZES].map((size) => `published deep/${size}.bin`).toSorted());
  for (const [name, bytes] of made) {
    const path = join(folder, `${name}.bin`);
    const information = checkInformation(t, await readFile(`${path}.peer-cache`), bytes);
    const { mtimeMs } = await stat(path);
    t.is(information.etag, nginxEtag({ sizeBytes: bytes.length, modifiedMs: mtimeMs }));
  }
});

test('publishing twice changes nothing', async (t) => {
  const { publish, put, sidecar } = await start(t);
  await put('a', 5000);
  await put('b/c', 10);
  await publish();
  const before = await stat(sidecar('a'), { bigint: true });
  t.deepEqual(await publish(), ['unchanged a', 'unchanged b/c']);
  t.is((await stat(sidecar('a'), { bigint: true })).ctimeNs, before.ctimeNs);
});

test('force publishes what is current too', async (t) => {
  const { publish, put } = await start(t);
  await put('a', 5000);
  await publish();
  t.deepEqual(await publish({ isForced: true }), ['published a']);
});

const noticesChange = test.macro<[string, (path: string) => Promise<unknown>]>({
  async exec(t, _what, change) {
    const { folder, publish, put, sidecar } = await start(t);
    await put('a', 5000);
    await put('b', 5000);
    await publish();
    await change(join(folder, 'a'));
    t.deepEqual(await publish(), ['published a', 'unchanged b']);
    checkInformation(t, await readFile(sidecar('a')), await readFile(join(folder, 'a')));
    t.deepEqual(await publish(), ['unchanged a', 'unchanged b']);
  },
  title: (_, what) => `a file that ${what} is published again`,
});

test(noticesChange, 'grew', (path) => appendFile(path, 'more'));
test(noticesChange, 'has other bytes of the same size and date', async (path) => {
  const { atime, mtime } = await stat(path);
  await makeFile(path, 5000, 99);
  await utimes(path, atime, mtime);
});
test(noticesChange, 'was replaced by one of the same size and date', async (path) => {
  const { atime, mtime } = await stat(path);
  await makeFile(`${path}x`, 5000, 99);
  await utimes(`${path}x`, atime, mtime);
  await rename(`${path}x`, path);
});
test(noticesChange, 'got another date', (path) => utimes(path, 1_000_000_000, 1_000_000_000));
test(noticesChange, 'lost its sidecar', (path) => rm(`${path}.peer-cache`));
test(noticesChange, 'has a cut-off sidecar', (path) => truncate(`${path}.peer-cache`, 200));
test(noticesChange, 'has the sidecar of another', (path) =>
  copyFile(join(path, '..', 'b.peer-cache'), `${path}.peer-cache`).then(() =>
    utimes(path, 1_000_000_000, 1_000_000_000),
  ),
);

test('another secret, promise or publicity publishes anew', async (t) => {
  const { publish, put, stateFolder, sidecar } = await start(t);
  await put('a', 5000);
  await publish();
  await rm(join(stateFolder, 'server-secret'));
  t.deepEqual(await publish(), ['published a']);
  t.deepEqual(await publish({ serveForSeconds: 60 }), ['published a']);
  t.deepEqual(await publish({ serveForSeconds: 60, isPublic: true }), ['published a']);
  const information = decodeRoot(await readFile(sidecar('a')));
  t.true(information.isPublic);
  t.is(information.serveForSeconds, 60);
  const [entry] = information.segments;
  t.deepEqual(
    entry && Buffer.from(entry.segmentSecret),
    entry && Buffer.from(segmentSecretOf(publicServerSecret(), entry.segmentHash)),
  );
});

test('sidecars whose content is gone are removed, but only ours', async (t) => {
  const { folder, publish, put, sidecar } = await start(t);
  for (const name of ['a', 'b', 'c']) await put(name, 5000);
  await publish();
  await rm(join(folder, 'a'));
  await writeFile(sidecar('foreign'), 'PCCX: not ours');
  await writeFile(sidecar('empty'), '');
  t.deepEqual(await publish(), ['removed a.peer-cache', 'unchanged b', 'unchanged c']);
  const left = (await readdir(folder)).toSorted();
  t.deepEqual(left, [
    'b',
    'b.peer-cache',
    'c',
    'c.peer-cache',
    'empty.peer-cache',
    'foreign.peer-cache',
  ]);
});

test('a foreign file under the name of a sidecar is left alone and named', async (t) => {
  const { publish, put, sidecar } = await start(t);
  await put('a', 5000);
  await writeFile(sidecar('a'), 'mine');
  await mkdir(sidecar('b'));
  await put('b', 5000);
  t.deepEqual(await publish({ isForced: true }), ['SIDECAR_NAME_TAKEN a', 'SIDECAR_NAME_TAKEN b']);
  t.is(String(await readFile(sidecar('a'))), 'mine');
});

test('a dry run tells what would be done and does nothing', async (t) => {
  const { folder, publish, put, stateFolder } = await start(t);
  await put('a', 5000);
  await put('b', 5000);
  t.deepEqual(await publish({ isDryRun: true }), ['published a', 'published b']);
  t.deepEqual((await readdir(folder)).toSorted(), ['a', 'b']);
  await t.throwsAsync(stat(stateFolder), { code: 'ENOENT' });
  await publish();
  await rm(join(folder, 'b'));
  t.deepEqual(await publish({ isDryRun: true }), ['unchanged a', 'removed b.peer-cache']);
  t.deepEqual((await readdir(folder)).toSorted(), ['a', 'a.peer-cache', 'b.peer-cache']);
});

test('names with a dot, links, temporary files and the state folder are left out', async (t) => {
  const { folder, publish, put } = await start(t);
  await put('a', 10);
  for (const name of ['.hidden', '.git/config', 'state/x']) await put(name, 10);
  await symlink('a', join(folder, 'link'));
  await symlink('.', join(folder, 'loop'));
  const young = '.peer-cache-0123456789abcdef';
  const old = '.peer-cache-fedcba9876543210';
  for (const name of [young, old]) await put(name, 10);
  const hoursAgo = (Date.now() - 2 * HOUR_MS) / 1000;
  await utimes(join(folder, old), hoursAgo, hoursAgo);
  const events = await publish({ stateFolder: join(folder, 'state') });
  t.deepEqual(events, [`removed ${old}`, 'published a']);
  t.true((await readdir(folder)).includes(young));
});

test('a sidecar may be read by nobody who may not read its content', async (t) => {
  const { folder, publish, put, sidecar } = await start(t);
  const rights = [
    [0o600, 0o600],
    [0o640, 0o640],
    [0o755, 0o644],
    [0o444, 0o644],
  ] as const;
  for (const [mode] of rights) {
    await put(mode.toString(8), 5000);
    await chmod(join(folder, mode.toString(8)), mode);
  }
  await publish();
  for (const [mode, expected] of rights) {
    t.is((await stat(sidecar(mode.toString(8)))).mode & 0o777, expected);
  }
});

(IS_ROOT ? test : test.skip)("a sidecar gets its content's owner and group", async (t) => {
  const { folder, publish, put, sidecar } = await start(t);
  await put('a', 5000);
  await chown(join(folder, 'a'), 12_345, 23_456);
  await publish();
  const { uid, gid } = await stat(sidecar('a'));
  t.deepEqual([uid, gid], [12_345, 23_456]);
});

test('a file that changes while it is hashed is hashed once more', async (t) => {
  const { folder, publish, put, sidecar } = await start(t);
  await put('a', 5000);
  let changes = 0;
  const etagOf = () => {
    // Called between hashing and writing.
    if (changes++ === 0) appendFileSync(join(folder, 'a'), 'more');
    return '"x"';
  };
  t.deepEqual(await publish({ etagOf }), ['published a']);
  checkInformation(t, await readFile(sidecar('a')), await readFile(join(folder, 'a')));
});

test('a file that keeps changing is named and has no sidecar', async (t) => {
  const { folder, publish, put } = await start(t);
  await put('a', 5000);
  await put('b', 10);
  await publish();
  let date = 1_000_000_000;
  const etagOf = ({ sizeBytes }: { sizeBytes: number }) => {
    if (sizeBytes === 5000) utimesSync(join(folder, 'a'), date++, date);
    return '"x"';
  };
  t.deepEqual(await publish({ etagOf }), ['CONTENT_CHANGED a', 'published b']);
  t.deepEqual((await readdir(folder)).toSorted(), ['a', 'b', 'b.peer-cache']);
});

test('an ETag that no client would accept is not published', async (t) => {
  const { folder, publish, put } = await start(t);
  await put('a', 5000);
  t.deepEqual(await publish({ etagOf: () => 'W/"weak"' }), ['SIDECAR_UNWRITABLE a']);
  t.deepEqual(await readdir(folder), ['a']);
});

test('a signal ends publishing', async (t) => {
  const { folder, put, options } = await start(t);
  await put('a', 10);
  await put('b', 10);
  const controller = new AbortController();
  const { signal } = controller;
  await t.throwsAsync(
    async () => {
      for await (const _event of publishFolder({ log: silentLog }, { ...options, signal })) {
        controller.abort(new Error('enough'));
      }
    },
    { message: 'enough' },
  );
  t.deepEqual((await readdir(folder)).toSorted(), ['a', 'a.peer-cache', 'b']);
});

test('a folder that is missing is a named error', async (t) => {
  const { folder, publish } = await start(t);
  await t.throwsAsync(publish({ folder: join(folder, 'x') }), { code: 'FOLDER_NOT_FOUND' });
});

async function start(t: ExecutionContext) {
  const outside = await temporaryFolder(t);
  const folder = join(outside, 'folder');
  await mkdir(folder);
  const stateFolder = join(outside, 'state');
  const options: PublishOptions = { folder, stateFolder };
  const publish = async (more: Partial<PublishOptions> = {}) => {
    const events: string[] = [];
    for await (const event of publishFolder({ log: silentLog }, { ...options, ...more })) {
      const what = event.action === 'failed' ? event.error.code : event.action;
      events.push(`${what} ${event.path}`);
    }
    return events;
  };
  const put = async (name: string, sizeBytes: number) => {
    await mkdir(join(folder, name, '..'), { recursive: true });
    return makeFile(join(folder, name), sizeBytes);
  };
  const sidecar = (name: string) => join(folder, `${name}.peer-cache`);
  return { folder, stateFolder, options, publish, put, sidecar };
}
