import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Downloader, Progress } from '@peer-cache/download';
import { createMemoryBlockStore } from '@peer-cache/store';
import test from 'ava';
import { described, describing } from './helpers/described.ts';
import { honestly, startFaultyOrigin } from './helpers/faulty-origin.ts';
import type { Answer } from './helpers/faulty-origin.ts';
import { contentOf, lonelyFinder, temporaryFolder } from './helpers/parts.ts';

const what = described(contentOf(1_000_000));
const canMount = process.platform === 'linux' && process.getuid?.() === 0;
const onSmallDisk = canMount ? test : test.skip;

test('a store without room is left aside with a warning, and the file is right', async (t) => {
  await using origin = await startFaultyOrigin(describing(() => what));
  await using folder = await temporaryFolder();
  const store = createMemoryBlockStore({}, { limitBytes: 200_000 });
  await using downloader = new Downloader({ store, finder: lonelyFinder });
  const progress = new Progress();
  const warnings: string[] = [];
  progress.on('download-warned', ({ code }) => warnings.push(code));
  const path = join(folder.path, 'file');
  await downloader.getFile(`${origin.url}/file`, path, { progress });
  t.true((await readFile(path)).equals(what.bytes));
  t.deepEqual(warnings, ['STORE_FULL']);
});

const kinds: Record<string, Answer> = {
  'a described content': describing(() => what),
  'a plain content': honestly(() => what),
};
for (const [kind, answer] of Object.entries(kinds)) {
  onSmallDisk(
    `${kind} that the disk has no room for is an error by name (root only)`,
    async (t) => {
      await using origin = await startFaultyOrigin(answer);
      await using folder = await temporaryFolder();
      const disk = join(folder.path, 'disk');
      await mkdir(disk);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', disk]);
      try {
        const store = createMemoryBlockStore({}, { limitBytes: 2 ** 24 });
        await using downloader = new Downloader({ store, finder: lonelyFinder });
        const got = downloader.getFile(`${origin.url}/file`, join(disk, 'file'));
        t.like(await t.throwsAsync(got), { code: 'DISK_FULL' });
        t.deepEqual(await readdir(disk), []);
      } finally {
        execFileSync('umount', [disk]);
      }
    },
  );
}
