import { randomBytes, randomUUID } from 'node:crypto';
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JobSecrets } from '@peer-cache/protocol';
import test from 'ava';
import { openJobSecrets } from '../src/secrets/job-secrets.ts';
import { checkSecrets, mergedSecrets, namesOf } from '../src/secrets/secret-checks.ts';
import { findSecretKey } from '../src/secrets/secret-key.ts';

const SECRETS: JobSecrets = {
  headers: { 'X-Token': 'zanzibar' },
  origin: { scheme: 'basic', user: 'anna', password: 'zanzibar' },
  proxy: { scheme: 'bearer', token: 'zanzibar' },
  clientCertificate: { certificate: 'zanzibar', key: 'zanzibar', passphrase: 'zanzibar' },
};
const jobId = randomUUID();

async function temporaryFolder() {
  const path = await mkdtemp(join(tmpdir(), 'job-secrets-'));
  return {
    path: join(path, 'secrets'),
    [Symbol.asyncDispose]: async () => await rm(path, { recursive: true }),
  };
}

for (const key of [undefined, randomBytes(32)]) {
  const how = key === undefined ? 'in plain text' : 'encrypted';

  test(`secrets kept ${how} come back as they were, to their own job and to this user only`, async (t) => {
    await using folder = await temporaryFolder();
    const store = await openJobSecrets({ folder: folder.path, key });
    t.is(store.isEncrypted, key !== undefined);
    await store.write(jobId, SECRETS);
    t.deepEqual(await store.read(jobId), SECRETS);
    t.is(await store.read(randomUUID()), undefined);

    const [name = ''] = await readdir(folder.path);
    const path = join(folder.path, name);
    t.deepEqual(await readdir(folder.path), [`${jobId}.secrets`]);
    t.is((await stat(folder.path)).mode & 0o777, 0o700);
    t.is((await stat(path)).mode & 0o777, 0o600);
    t.is((await readFile(path)).includes('zanzibar'), key === undefined);

    await store.remove(jobId);
    await store.remove(jobId);
    t.is(await store.read(jobId), undefined);
  });

  test(`secrets kept ${how} are lost, and said to be, when a byte of them changes`, async (t) => {
    await using folder = await temporaryFolder();
    const store = await openJobSecrets({ folder: folder.path, key });
    await store.write(jobId, SECRETS);
    const path = join(folder.path, `${jobId}.secrets`);
    const bytes = await readFile(path);
    const flipped = Buffer.from(bytes);
    flipped.writeUInt8((bytes.at(-1) ?? 0) ^ 1, bytes.length - 1);
    for (const damaged of [
      flipped,
      bytes.subarray(0, -1),
      bytes.subarray(0, 25),
      Buffer.alloc(0),
    ]) {
      await writeFile(path, damaged);
      const error = await t.throwsAsync(store.read(jobId), { code: 'SECRETS_LOST' });
      t.false(error.message.includes('zanzibar'));
    }
  });
}

test('encrypted secrets open with the same key only, and for the same job only', async (t) => {
  await using folder = await temporaryFolder();
  const store = await openJobSecrets({ folder: folder.path, key: randomBytes(32) });
  await store.write(jobId, SECRETS);
  for (const key of [undefined, randomBytes(32)]) {
    const other = await openJobSecrets({ folder: folder.path, key });
    await t.throwsAsync(other.read(jobId), { code: 'SECRETS_LOST' });
  }
  const otherJob = randomUUID();
  const bytes = await readFile(join(folder.path, `${jobId}.secrets`));
  await writeFile(join(folder.path, `${otherJob}.secrets`), bytes, { mode: 0o600 });
  await t.throwsAsync(store.read(otherJob), { code: 'SECRETS_LOST' });
});

test('what was written before there was a key is read still', async (t) => {
  await using folder = await temporaryFolder();
  await (await openJobSecrets({ folder: folder.path })).write(jobId, SECRETS);
  const store = await openJobSecrets({ folder: folder.path, key: randomBytes(32) });
  t.deepEqual(await store.read(jobId), SECRETS);
});

test('a file that others may read, a link, a folder or a large file is no file of secrets', async (t) => {
  await using folder = await temporaryFolder();
  const store = await openJobSecrets({ folder: folder.path });
  await store.write(jobId, SECRETS);
  const path = join(folder.path, `${jobId}.secrets`);
  await chmod(path, 0o640);
  await t.throwsAsync(store.read(jobId), { code: 'SECRETS_LOST' });

  const linked = randomUUID();
  await chmod(path, 0o600);
  await symlink(path, join(folder.path, `${linked}.secrets`));
  await t.throwsAsync(store.read(linked), { code: 'SECRETS_LOST' });

  const large = randomUUID();
  await writeFile(join(folder.path, `${large}.secrets`), Buffer.alloc(2 ** 20 + 1), {
    mode: 0o600,
  });
  await t.throwsAsync(store.read(large), { code: 'SECRETS_LOST', message: /too large/ });

  const folderThere = randomUUID();
  await mkdir(join(folder.path, `${folderThere}.secrets`), { mode: 0o700 });
  await t.throwsAsync(store.read(folderThere), { code: 'SECRETS_LOST' });
});

test('a field that is not what it must be makes secrets lost', async (t) => {
  await using folder = await temporaryFolder();
  const store = await openJobSecrets({ folder: folder.path });
  const path = join(folder.path, `${jobId}.secrets`);
  for (const text of [
    'null',
    '[]',
    '{"version":2,"secrets":{}}',
    '{"version":1}',
    '{"version":1,"secrets":{"headers":{"a":1}}}',
    '{"version":1,"secrets":{"headers":["a"]}}',
    '{"version":1,"secrets":{"origin":{"scheme":"ntlm","user":"a","password":"b"}}}',
    '{"version":1,"secrets":{"origin":{"scheme":"basic","user":"a"}}}',
    '{"version":1,"secrets":{"proxy":{"scheme":"bearer","token":null}}}',
    '{"version":1,"secrets":{"clientCertificate":{"pfx":7}}}',
  ]) {
    await writeFile(path, text, { mode: 0o600 });
    await t.throwsAsync(store.read(jobId), { code: 'SECRETS_LOST' }, text);
  }
});

test('a folder that others may enter, or a link to one, is not used', async (t) => {
  await using folder = await temporaryFolder();
  await mkdir(folder.path, { mode: 0o755 });
  await chmod(folder.path, 0o755);
  await t.throwsAsync(openJobSecrets({ folder: folder.path }), { code: 'SECRETS_UNWRITABLE' });
  await chmod(folder.path, 0o700);
  const link = `${folder.path}-link`;
  await symlink(folder.path, link);
  await t.throwsAsync(openJobSecrets({ folder: link }), { code: 'SECRETS_UNWRITABLE' });
});

test('no job ID leads out of the folder', async (t) => {
  await using folder = await temporaryFolder();
  const store = await openJobSecrets({ folder: folder.path });
  for (const id of ['../x', '', 'a/b', `${jobId}/..`, jobId.toUpperCase().replace(/\d/g, 'F')]) {
    await t.throwsAsync(store.write(id, SECRETS), { instanceOf: RangeError }, id);
  }
});

test('what a crash left is removed: half-written files, and those of jobs that are no more', async (t) => {
  await using folder = await temporaryFolder();
  const before = await openJobSecrets({ folder: folder.path });
  await before.write(jobId, SECRETS);
  await before.write(randomUUID(), SECRETS);
  await writeFile(join(folder.path, `${jobId}.secrets.0123.new`), 'half', { mode: 0o600 });
  const store = await openJobSecrets({ folder: folder.path });
  await store.keepOnly(new Set([jobId]));
  t.deepEqual(await readdir(folder.path), [`${jobId}.secrets`]);
});

test('secrets that are updated at the same time are all there', async (t) => {
  await using folder = await temporaryFolder();
  const store = await openJobSecrets({ folder: folder.path });
  const updates = Array.from({ length: 20 }, (_, index) =>
    store.update(jobId, { headers: { [`X-${index}`]: 'v' } }),
  );
  const bad = store.update(jobId, { headers: { Host: 'v' } });
  await t.throwsAsync(bad, { code: 'JOB_REQUEST' });
  t.is((await Promise.all(updates)).at(-1)?.headers.length, 20);
  const names = await store.update(jobId, { headers: { 'x-0': '' }, proxy: SECRETS.proxy });
  t.is(names.headers.length, 19);
  t.true(names.proxy);
  t.false(names.origin);
});

test('a secret replaces that of its name, and leaves the others', (t) => {
  const old: JobSecrets = { ...SECRETS, headers: { 'X-One': '1', 'X-Two': '2' } };
  const origin = { scheme: 'bearer', token: 'new' } as const;
  const merged = mergedSecrets(old, { origin, headers: { 'x-one': '3', 'X-TWO': '' } });
  t.deepEqual(merged, { ...SECRETS, origin, headers: { 'x-one': '3' } });
});

test('names of secrets tell which there are, and nothing else', (t) => {
  t.deepEqual(namesOf(SECRETS), {
    headers: ['X-Token'],
    origin: true,
    proxy: true,
    clientCertificate: true,
  });
  t.deepEqual(namesOf({}), { headers: [], origin: false, proxy: false, clientCertificate: false });
});

const basic = (user: string, password: string): JobSecrets => ({
  origin: { scheme: 'basic', user, password },
});

for (const [what, secrets] of Object.entries<JobSecrets>({
  'a header name with a space': { headers: { 'X Y': '1' } },
  'a header value with a line break': { headers: { 'X-Y': '1\r\nHost: evil' } },
  'a header value with an odd character': { headers: { 'X-Y': '\u0100' } },
  'a header value with a space at its end': { headers: { 'X-Y': '1 ' } },
  Host: { headers: { Host: 'evil' } },
  'Content-Length': { headers: { 'content-length': '1' } },
  Range: { headers: { range: 'bytes=0-1' } },
  'If-Range': { headers: { 'If-Range': '"a"' } },
  'Transfer-Encoding': { headers: { 'Transfer-Encoding': 'chunked' } },
  'Proxy-Authorization': { headers: { 'Proxy-Authorization': 'Basic x' } },
  'one header in two cases': { headers: { 'X-Y': '1', 'x-y': '2' } },
  'headers of more than 16 KiB': { headers: { 'X-Y': 'a'.repeat(16_384) } },
  'a user of 301 characters': basic('u'.repeat(301), 'p'),
  'a password of 65,536 characters': basic('u', 'p'.repeat(65_536)),
  'a password with a line break': basic('u', 'a\nb'),
  'a user with a colon in basic': basic('a:b', 'p'),
  'a token with a space': { proxy: { scheme: 'bearer', token: 'a b' } },
  'a client certificate that is none': { clientCertificate: { certificate: 'x', key: 'y' } },
  'a client certificate without its key': { clientCertificate: { certificate: 'x' } },
})) {
  test(`${what} is refused`, (t) => {
    t.throws(() => checkSecrets(secrets), { code: 'JOB_REQUEST' });
  });
}

test('secrets at their limits pass', (t) => {
  checkSecrets({});
  checkSecrets(basic('u'.repeat(300), 'p'.repeat(65_535)));
  checkSecrets({ headers: { 'X-Y': 'a'.repeat(16_384 - 3 - 4 - 3 - 4), 'x-z': '' } });
  checkSecrets({ origin: { scheme: 'digest', user: 'a:b', password: 'ü' } });
  t.pass();
});

test('a key comes from the credential peer-cache-key, and is the same each time', async (t) => {
  await using folder = await temporaryFolder();
  await mkdir(folder.path);
  const find = async () => await findSecretKey({ credentialsDirectory: folder.path });
  t.is(await findSecretKey({ credentialsDirectory: undefined }), undefined);
  t.is(await find(), undefined);
  const path = join(folder.path, 'peer-cache-key');
  await writeFile(path, randomBytes(48));
  const key = await find();
  t.is(key?.length, 32);
  t.deepEqual(await find(), key);
  for (const sizeBytes of [31, 4097]) {
    await writeFile(path, randomBytes(sizeBytes));
    await t.throwsAsync(find(), { code: 'SECRET_KEY_UNUSABLE' });
  }
});
