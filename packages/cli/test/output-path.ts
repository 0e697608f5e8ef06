import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import test from 'ava';
import { fileNameOf, outputOf } from '../src/output-path.ts';
import { temporaryFolder } from './helpers/temporary-folder.ts';

const names = test.macro<[string, string | undefined]>({
  exec: (t, path, name) => t.is(fileNameOf(`https://files.example/${path}`), name),
  title: (_, path, name) => `${JSON.stringify(path)} is saved as ${name ?? 'nothing'}`,
});

test(names, 'image.iso', 'image.iso');
test(names, 'a/b/image.iso?token=x#part', 'image.iso');
test(names, 'a%20name.bin', 'a name.bin');
test(names, '%E6%97%A5%E6%9C%AC.txt', '日本.txt');
test(names, 'not%E6utf-8', 'not%E6utf-8');
test(names, 'a/', undefined);
test(names, '', undefined);
test(names, '..%2F..%2Fetc%2Fpasswd', 'passwd');
test(names, 'a%5C..%5Cb.exe', 'b.exe');
test(names, '%2e%2e', undefined);
test(names, '...%20.', undefined);
test(names, '.bashrc', 'bashrc');
test(names, 'a%00b%0A%1Bc', 'abc');
test(names, 'invoice%E2%80%AEfdp.exe', 'invoicefdp.exe');
test(names, 'CON', '_CON');
test(names, 'nul.txt', '_nul.txt');
test(names, 'console.txt', 'console.txt');
test(names, 'a%3Ab%3C%3E%7C.txt', 'a_b___.txt');
test(names, 'trailing.%20.', 'trailing');

test('a long name keeps its extension and fits every file system', (t) => {
  const name = fileNameOf(`https://files.example/${'ä'.repeat(300)}.tar.gz`) ?? '';
  t.true(name.endsWith('.tar.gz'));
  t.true(Buffer.byteLength(name) <= 200);
});

const URL = 'https://files.example/a/image.iso';

test('without -o the file goes into this folder and replaces nothing', async (t) => {
  const expected = { kind: 'file', path: resolve('image.iso'), overwrite: false } as const;
  t.deepEqual(await outputOf(URL, {}), expected);
  t.deepEqual(await outputOf(URL, { force: true }), { ...expected, overwrite: true });
});

test('a named file is replaced, a named folder gets the file', async (t) => {
  const folder = await temporaryFolder(t);
  await mkdir(join(folder, 'sub'));
  const path = join(folder, 'x');
  t.deepEqual(await outputOf(URL, { output: path }), { kind: 'file', path, overwrite: true });
  const inFolder = join(folder, 'sub', 'image.iso');
  for (const output of [join(folder, 'sub'), `${join(folder, 'sub')}/`]) {
    const expected = { kind: 'file', path: inFolder, overwrite: false } as const;
    t.deepEqual(await outputOf(URL, { output }), expected);
  }
});

test('- is standard output', async (t) => {
  t.deepEqual(await outputOf(URL, { output: '-' }), { kind: 'stdout' });
});

test('a URL without a name needs one', async (t) => {
  await t.throwsAsync(outputOf('https://files.example/', {}), { code: 'USAGE' });
  t.like(await outputOf('https://files.example/', { output: 'x' }), { path: resolve('x') });
});
