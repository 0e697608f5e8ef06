import { mkdir, writeFile } from 'node:fs/promises';
import type { JobFileRequest, JobSettings } from '@peer-cache/protocol';
import test from 'ava';
import { checkFiles, checkSettings, retargeted } from '../src/job-requests.ts';
import type { TemporaryFolder } from './helpers/temporary-folder.ts';
import { temporaryFolder } from './helpers/temporary-folder.ts';
import { fileRecord, jobRecord } from './journal-contract.ts';

const LIMITS = { mostJobs: 60, mostFiles: 3, mostRanges: 3 };
const { settings: SETTINGS } = jobRecord(1);
const URL_A = 'https://origin.test/a';

async function check(
  files: readonly JobFileRequest[],
  { overwrite = false, present = [] as ReturnType<typeof fileRecord>[] } = {},
): Promise<void> {
  await checkFiles(files, present, { kind: 'download', limits: LIMITS, settings: { overwrite } });
}

test('settings at their limits are taken as they are', (t) => {
  const settings = {
    ...SETTINGS,
    name: 'n'.repeat(256),
    description: 'd'.repeat(1024),
    noProgressTimeoutSeconds: 0,
    maximumDownloadSeconds: 0,
    limit: 0,
  };
  t.deepEqual(checkSettings(settings, []), settings);
});

test('a retry delay below 5 seconds is raised to that', (t) => {
  const settings = { ...SETTINGS, minimumRetryDelaySeconds: 0 };
  const { minimumRetryDelaySeconds } = checkSettings(settings, []);
  t.is(minimumRetryDelaySeconds, 5);
});

const explicit = (url: string) => ({
  ...SETTINGS.transport,
  proxy: { use: 'explicit' as const, url, bypass: [] },
});
const WRONG_SETTINGS: readonly [string, Partial<JobSettings>][] = [
  ['no name', { name: '' }],
  ['a name that is too long', { name: 'n'.repeat(257) }],
  ['a description that is too long', { description: 'd'.repeat(1025) }],
  ['a time that is none', { noProgressTimeoutSeconds: Number.NaN }],
  ['an endless time', { maximumDownloadSeconds: Infinity }],
  ['a negative time', { minimumRetryDelaySeconds: -1 }],
  ['a limit that is hardly one', { limit: 999 }],
  ['a limit that is none', { limit: -1 }],
  ['a limit of half a byte', { limit: 1000.5 }],
  ['a proxy that is none', { transport: explicit('socks5://proxy.test') }],
  ['a proxy with a password', { transport: explicit('http://me:zanzibar@proxy.test') }],
  ['somebody to notify whom the configuration does not name', { notify: ['nobody'] }],
  ['certificates at no absolute path', { transport: { ...SETTINGS.transport, caFile: 'ca.pem' } }],
];
for (const [what, changes] of WRONG_SETTINGS) {
  test(`settings with ${what} are refused, and no password is repeated`, (t) => {
    const error = t.throws(() => checkSettings({ ...SETTINGS, ...changes }, ['ops']), {
      code: 'JOB_REQUEST',
    });
    t.notRegex(error.message, /zanzibar/);
  });
}

test('files with a place to go are taken, with ranges in any order that do not overlap', async (t) => {
  await using folder = await temporaryFolder();
  const ranges = [{ startByte: 10 }, { startByte: 0, endByte: 5 }, { startByte: 5, endByte: 10 }];
  const digest = `SHA256:${'A'.repeat(64)}`;
  await t.notThrowsAsync(
    check([
      { url: URL_A, path: folder.path('a'), ranges, digest },
      { url: `${URL_A}?${'q'.repeat(2200 - URL_A.length - 1)}`, path: folder.path('b') },
    ]),
  );
});

const WRONG_FILES: readonly [string, string, Partial<JobFileRequest>][] = [
  ['JOB_REQUEST', 'no URL', { url: '/a' }],
  ['JOB_REQUEST', 'a URL of a file', { url: 'file:///etc/passwd' }],
  ['JOB_REQUEST', 'a URL with a password', { url: 'https://me:zanzibar@origin.test/' }],
  ['JOB_REQUEST', 'a mirror that is none', { mirrors: [URL_A, 'ftp://origin.test/'] }],
  ['JOB_REQUEST', 'a mirror with a password', { mirrors: ['https://me:zanzibar@b.test/'] }],
  ['JOB_REQUEST', 'a URL that is too long', { url: `${URL_A}${'a'.repeat(2200)}` }],
  ['JOB_REQUEST', 'a relative path', { path: 'a' }],
  ['JOB_REQUEST', 'a path that ends as a folder', { path: '/tmp/' }],
  ['JOB_REQUEST', 'a path with a zero byte', { path: '/tmp/a\0b' }],
  ['JOB_REQUEST', 'a range that is empty', { ranges: [{ startByte: 5, endByte: 5 }] }],
  ['JOB_REQUEST', 'a range that begins before the start', { ranges: [{ startByte: -1 }] }],
  ['JOB_REQUEST', 'a range of half a byte', { ranges: [{ startByte: 0.5 }] }],
  [
    'JOB_REQUEST',
    'ranges that overlap',
    {
      ranges: [
        { startByte: 5, endByte: 9 },
        { startByte: 0, endByte: 6 },
      ],
    },
  ],
  ['JOB_LIMIT', 'too many ranges', { ranges: [0, 1, 2, 3].map((startByte) => ({ startByte })) }],
  ['JOB_REQUEST', 'a digest of another kind', { digest: `md5:${'0'.repeat(32)}` }],
];
for (const [code, what, changes] of WRONG_FILES) {
  test(`a file with ${what} is refused, and no password is repeated`, async (t) => {
    await using folder = await temporaryFolder();
    const file = { url: URL_A, path: folder.path('a'), ...changes };
    const error = await t.throwsAsync(check([file]), { code });
    t.notRegex(error.message, /zanzibar/);
  });
}

type Place = readonly [string, string, (folder: TemporaryFolder) => Promise<unknown>, boolean?];
const PLACES: readonly Place[] = [
  ['FILE_EXISTS', 'a file', (folder) => writeFile(folder.path('a'), '')],
  ['FILE_UNWRITABLE', 'a folder', (folder) => mkdir(folder.path('a')), true],
];
for (const [code, what, make, overwrite] of PLACES) {
  test(`a path where there is ${what} is refused`, async (t) => {
    await using folder = await temporaryFolder();
    await make(folder);
    const files = [{ url: URL_A, path: folder.path('a') }];
    await t.throwsAsync(check(files, { overwrite: overwrite ?? false }), { code });
  });
}

test('a file that may be replaced is no reason to refuse', async (t) => {
  await using folder = await temporaryFolder();
  await writeFile(folder.path('a'), '');
  const files = [{ url: URL_A, path: folder.path('a') }];
  await t.notThrowsAsync(check(files, { overwrite: true }));
});

test('a folder that is missing, or is none, is told', async (t) => {
  await using folder = await temporaryFolder();
  await writeFile(folder.path('file'), '');
  for (const path of ['missing/a', 'file/a']) {
    const files = [{ url: URL_A, path: folder.path(path) }];
    await t.throwsAsync(check(files), { code: 'FILE_UNWRITABLE' }, path);
  }
});

test('no two files of a job have one path, however it is written, nor are there too many', async (t) => {
  await using folder = await temporaryFolder();
  const file = { url: URL_A, path: folder.path('a') };
  const same = { url: URL_A, path: `${folder.path('x')}/../a` };
  await t.throwsAsync(check([file, same]), { code: 'JOB_REQUEST' });
  const present = [fileRecord(jobRecord(1), 0, file)];
  await t.throwsAsync(check([same], { present }), { code: 'JOB_REQUEST' });
  const others = ['b', 'c', 'd'].map((name) => ({ url: URL_A, path: folder.path(name) }));
  await t.throwsAsync(check(others, { present }), { code: 'JOB_LIMIT' });
});

const FILES = ['https://a.test/x/1', 'https://a.test/y/2', 'https://b.test/x/3'].map((url, index) =>
  fileRecord(jobRecord(1), index, { url }),
);

test('one file is retargeted by its index, all that share a prefix by that', (t) => {
  const url = 'https://c.test/1';
  t.deepEqual(retargeted(FILES, { fileIndex: 1, url }), [{ index: 1, url }]);
  const oldPrefix = 'https://a.test/';
  t.deepEqual(retargeted(FILES, { oldPrefix, newPrefix: 'https://c.test/z/' }), [
    { index: 0, url: 'https://c.test/z/x/1' },
    { index: 1, url: 'https://c.test/z/y/2' },
  ]);
});

test('a target that leads nowhere is refused', (t) => {
  const wrong = [
    { fileIndex: 3, url: URL_A },
    { fileIndex: 0, url: 'ftp://a.test/' },
    { oldPrefix: '', newPrefix: 'https://c.test/' },
    { oldPrefix: 'HTTPS://a.test/', newPrefix: 'https://c.test/' },
    { oldPrefix: 'https://a.test/', newPrefix: 'file:///' },
    { oldPrefix: 'https://', newPrefix: 'https://me:zanzibar@' },
  ];
  for (const retarget of wrong) {
    const error = t.throws(() => retargeted(FILES, retarget), { code: 'JOB_REQUEST' });
    t.notRegex(error.message, /zanzibar/);
  }
});
