import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { certificateOf } from '../src/given-certificate.ts';
import { temporaryFolder } from './helpers/temporary-folder.ts';

const CERTIFICATE = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
const KEY = '-----BEGIN PRIVATE KEY-----\nBBBB\n-----END PRIVATE KEY-----\n';

async function filesIn(t: ExecutionContext, files: Readonly<Record<string, string>>) {
  const folder = await temporaryFolder(t);
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(folder, name), text, { mode: 0o600 });
  }
  return (name: string): string => join(folder, name);
}

test('certificate and key come from two files, or from one', async (t) => {
  const path = await filesIn(t, { 'a.pem': CERTIFICATE, 'a.key': KEY, both: CERTIFICATE + KEY });
  t.is(await certificateOf({}), undefined);
  t.deepEqual(await certificateOf({ clientCert: path('a.pem'), clientKey: path('a.key') }), {
    certificate: CERTIFICATE,
    key: KEY,
  });
  t.like(await certificateOf({ clientCert: path('both') }), { key: CERTIFICATE + KEY });
});

test('PKCS #12 is known by its name, and the first line of a file is its passphrase', async (t) => {
  const path = await filesIn(t, { 'a.P12': 'bytes', word: 'geheim \nmore\n' });
  const given = { clientCert: path('a.P12'), clientPassphrase: path('word') };
  t.deepEqual(await certificateOf(given), { pfx: 'Ynl0ZXM=', passphrase: 'geheim ' });
});

test('what is missing or too much is told, with the option that mends it', async (t) => {
  const path = await filesIn(t, { 'a.pem': CERTIFICATE, 'a.p12': 'bytes', empty: '' });
  await writeFile(path('open'), 'geheim', { mode: 0o644 });
  const refusals = [
    [{ clientKey: path('a.pem') }, /give it with --client-cert/],
    [{ clientPassphrase: path('empty') }, /give it with --client-cert/],
    [{ clientCert: path('a.pem') }, /no private key; name its file with --client-key/],
    [{ clientCert: path('a.p12'), clientKey: path('a.pem') }, /leave --client-key out/],
    [{ clientCert: path('a.p12'), clientPassphrase: path('empty') }, /no passphrase/],
    [{ clientCert: path('a.p12'), clientPassphrase: path('open') }, /chmod 600/],
    [{ clientCert: path('gone.pem') }, /can't be read/],
  ] as const;
  for (const [given, message] of refusals) {
    const error = await t.throwsAsync(certificateOf(given));
    t.regex(error.message, message);
  }
});
