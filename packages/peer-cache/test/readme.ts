import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { silentLog } from '@peer-cache/core';
import { startOrigin } from '@peer-cache/origin';
import test from 'ava';

const run = promisify(execFile);
const INDEX = new URL('../src/index.ts', import.meta.url).href;
const README = await readFile(new URL('../README.md', import.meta.url), 'utf8');
const EXAMPLES = Array.from(README.matchAll(/```ts\n([^]*?)```/g), ([, code = '']) => code);

test('the library is used in under ten lines, a downloader of other parts made in under twenty', (t) => {
  const lines = EXAMPLES.map((code) => code.trim().split('\n').length);
  t.is(lines.length, 2);
  t.true((lines[0] ?? 99) < 10);
  t.true((lines[1] ?? 99) < 20);
});

EXAMPLES.forEach((code, index) => {
  test(`example ${index + 1} of the README does what it says`, async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'peer-cache-'));
    t.teardown(() => rm(folder, { recursive: true, force: true }));
    const image = randomBytes(200_000);
    await mkdir(join(folder, 'served'));
    await writeFile(join(folder, 'served', 'image.iso'), image);
    await writeFile(join(folder, 'served', 'notes.txt'), 'some notes');
    const options = { folder: join(folder, 'served'), stateFolder: join(folder, 'state') };
    await using origin = await startOrigin({ log: silentLog }, options);

    // Only names that mean something else here are replaced; the network is this machine's.
    const here = code
      .replace("'peer-cache'", JSON.stringify(INDEX))
      .replaceAll('https://files.example.com', origin.url)
      .replace("storeFolder: './blocks'", "storeFolder: './blocks', sharing: { loopback: true }")
      .replace('10.20.0.5', '127.0.0.1');
    await writeFile(join(folder, 'example.ts'), here);
    const { stdout } = await run(process.execPath, ['example.ts'], { cwd: folder });
    t.true(image.equals(await readFile(join(folder, 'image.iso'))));
    t.is(stdout, index === 0 ? 'some notes' : '');
  });
});
