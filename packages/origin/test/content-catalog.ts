import {
  appendFile,
  chmod,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { silentLog } from '@peer-cache/core';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { openContentCatalog, SMALL_CONTENT_BYTES } from '../src/content-catalog.ts';
import type { ContentCatalog } from '../src/content-catalog.ts';
import { ContentFile } from '../src/content-file.ts';
import { pruneHashes } from '../src/kept-hashes.ts';
import { informationRepresentation } from '../src/representation.ts';
import { openTerms } from '../src/terms.ts';
import { makeFile, temporaryFolder } from './helpers/files.ts';
import { checkInformation } from './helpers/information.ts';

const LARGE_BYTES = SMALL_CONTENT_BYTES + 12_345;

for (const sizeBytes of [0, 1024, 1025, 65_537, LARGE_BYTES]) {
  test(`the information about ${sizeBytes} bytes verifies against them`, async (t) => {
    const { catalog, path, bytes } = await start(t, sizeBytes);
    const information = checkInformation(t, await resourceOf(catalog, path), bytes);
    t.is(information.etag, (await stateOf(path)).etag);
    t.false(information.isPublic);
  });
}

test('a file is hashed once, whoever asks at the same time or later', async (t) => {
  const { catalog, path, hashed } = await start(t, LARGE_BYTES);
  const state = await stateOf(path);
  const described = await Promise.all([1, 2, 3].map(() => catalog.describe(state)));
  t.is(new Set(described).size, 1);
  t.true((await catalog.describe(await stateOf(path))) === described[0]);
  t.deepEqual(hashed, [path]);
});

test('a changed file is hashed again and described anew', async (t) => {
  const { catalog, path, hashed, bytes } = await start(t, 100_000);
  const before = await catalog.describe(await stateOf(path));
  await appendFile(path, 'more');
  const after = await catalog.describe(await stateOf(path));
  t.not(after.etag, before.etag);
  t.not(after.contentEtag, before.contentEtag);
  const all = Buffer.concat([bytes, Buffer.from('more')]);
  checkInformation(t, await resourceOf(catalog, path), all);
  t.deepEqual(hashed, [path, path]);
});

test('after a restart a large file is not hashed again', async (t) => {
  const first = await start(t, LARGE_BYTES);
  const before = await resourceOf(first.catalog, first.path);
  await first.catalog[Symbol.asyncDispose]();
  const second = await open(t, first.stateFolder);
  const after = await resourceOf(second.catalog, first.path);
  t.deepEqual(second.hashed, []);
  t.deepEqual(second.recalled, [first.path]);
  t.deepEqual(after, before);
  checkInformation(t, after, first.bytes);
});

test('what a catalog keeps is for its owner only', async (t) => {
  const { catalog, path, stateFolder } = await start(t, LARGE_BYTES);
  await catalog.describe(await stateOf(path));
  const folder = join(stateFolder, 'catalog');
  t.is((await stat(folder)).mode & 0o777, 0o700);
  const [name = ''] = await readdir(folder);
  t.is((await stat(join(folder, name))).mode & 0o777, 0o600);
});

test('a new server secret makes other information without hashing', async (t) => {
  const first = await start(t, LARGE_BYTES);
  const before = await first.catalog.describe(await stateOf(first.path));
  await rm(join(first.stateFolder, 'server-secret'));
  const second = await open(t, first.stateFolder);
  const after = await second.catalog.describe(await stateOf(first.path));
  t.not(after.etag, before.etag);
  t.deepEqual(second.hashed, []);
  checkInformation(t, await resourceOf(second.catalog, first.path), first.bytes);
});

const survivesDamage = test.macro<[string, (path: string) => Promise<void>]>({
  async exec(t, _what, damage) {
    const first = await start(t, LARGE_BYTES);
    await first.catalog.describe(await stateOf(first.path));
    const folder = join(first.stateFolder, 'catalog');
    for (const name of await readdir(folder)) await damage(join(folder, name));
    const second = await open(t, first.stateFolder);
    checkInformation(t, await resourceOf(second.catalog, first.path), first.bytes);
    t.deepEqual(second.hashed, [first.path]);
  },
  title: (_, what) => `kept hashes that ${what} are made again`,
});

test(survivesDamage, 'lost their end', (path) => truncate(path, 1000));
test(survivesDamage, 'are empty', (path) => truncate(path, 0));
test(survivesDamage, 'are garbage', (path) => writeFile(path, Buffer.alloc(9000, 7)));
test(survivesDamage, 'have one flipped bit', async (path) => {
  const bytes = await readFile(path);
  bytes[3000] = (bytes[3000] ?? 0) ^ 1;
  await writeFile(path, bytes);
});
test(survivesDamage, 'were deleted', (path) => rm(path));

test('kept hashes that change under a running catalog are not sent', async (t) => {
  const { catalog, path, stateFolder } = await start(t, LARGE_BYTES);
  const described = await catalog.describe(await stateOf(path));
  const folder = join(stateFolder, 'catalog');
  const [name = ''] = await readdir(folder);
  await writeFile(join(folder, name), Buffer.alloc(9000));
  await t.throwsAsync(informationRepresentation(described), { code: 'CONTENT_CHANGED' });
  await rm(join(folder, name));
  await t.throwsAsync(informationRepresentation(described), { code: 'CONTENT_CHANGED' });
});

test('the hashes of files that are gone are removed, others stay', async (t) => {
  const { catalog, path, stateFolder } = await start(t, LARGE_BYTES);
  await catalog.describe(await stateOf(path));
  const folder = join(stateFolder, 'catalog');
  const { signal } = new AbortController();
  await pruneHashes(folder, signal);
  t.is((await readdir(folder)).length, 1);
  await rm(path);
  await pruneHashes(folder, signal);
  t.deepEqual(await readdir(folder), []);
});

test('a file in another state than asked about is refused', async (t) => {
  const { catalog, path } = await start(t, 5000);
  const state = await stateOf(path);
  await chmod(path, 0o600);
  await appendFile(path, 'x');
  await t.throwsAsync(catalog.describe(state), { code: 'CONTENT_CHANGED' });
  await t.notThrowsAsync(stateOf(path).then((now) => catalog.describe(now)));
});

test('a disposed catalog ends its work and takes no more', async (t) => {
  const { catalog, path } = await start(t, LARGE_BYTES);
  const state = await stateOf(path);
  const refused = t.throwsAsync(catalog.describe(state), { message: /disposed/ });
  await catalog[Symbol.asyncDispose]();
  await refused;
  await t.throwsAsync(catalog.describe(state), { message: /disposed/ });
});

test('a state folder that can not be made is a named error', async (t) => {
  const { path, stateFolder } = await start(t, 10);
  const terms = await openTerms({ stateFolder });
  const opening = openContentCatalog({ log: silentLog, terms }, { stateFolder: path });
  await t.throwsAsync(opening, { code: 'STATE_FOLDER_UNUSABLE' });
});

async function start(t: ExecutionContext, sizeBytes: number) {
  const folder = await temporaryFolder(t);
  const path = join(folder, 'content');
  const bytes = await makeFile(path, sizeBytes);
  const stateFolder = join(folder, 'state');
  return { path, bytes, stateFolder, ...(await open(t, stateFolder)) };
}

async function open(t: ExecutionContext, stateFolder: string) {
  const terms = await openTerms({ stateFolder });
  const catalog = await openContentCatalog({ log: silentLog, terms }, { stateFolder });
  t.teardown(() => catalog[Symbol.asyncDispose]());
  const hashed: string[] = [];
  const recalled: string[] = [];
  catalog.on('content-hashed', ({ path }) => hashed.push(path));
  catalog.on('hashes-recalled', ({ path }) => recalled.push(path));
  return { catalog, hashed, recalled };
}

async function stateOf(path: string) {
  await using file = await ContentFile.open(path);
  if (file === undefined) throw new Error(`${path} is no plain file`);
  return { path, etag: file.etag, sizeBytes: file.sizeBytes };
}

async function resourceOf(catalog: ContentCatalog, path: string): Promise<Buffer> {
  const described = await catalog.describe(await stateOf(path));
  await using representation = await informationRepresentation(described);
  const parts: Uint8Array[] = [];
  for (let at = 0; at < representation.sizeBytes;) {
    const part = await representation.read({ startByte: at, endByte: representation.sizeBytes });
    parts.push(part);
    at += part.length;
  }
  return Buffer.concat(parts);
}
