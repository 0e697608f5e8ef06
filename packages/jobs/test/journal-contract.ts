import type { JobError } from '@peer-cache/protocol';
import type { ExecutionContext, TestFn } from 'ava';
import type { Journal } from '../src/journal/journal.ts';
import type { FileRecord, JobRecord, KeptSegment } from '../src/records.ts';
import { NEW_TIMERS } from '../src/timers.ts';

/** Opens an empty journal and closes it after the test. */
export type OpenForContract = (
  t: ExecutionContext,
  options: { readonly now: () => number },
) => Promise<Journal>;

/** A job as it is created, with something of its own in it. */
export function jobRecord(number: number, changes: Partial<JobRecord> = {}): JobRecord {
  return {
    id: `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`,
    number,
    kind: 'download',
    state: 'suspended',
    settings: {
      name: `job ${number}`,
      description: '',
      priority: 'normal',
      minimumRetryDelaySeconds: 600,
      noProgressTimeoutSeconds: 1_209_600,
      maximumDownloadSeconds: 7_776_000,
      autoComplete: false,
      overwrite: false,
      sharing: true,
      notify: [],
      transport: { proxy: { use: 'environment' }, redirects: 'follow', allowHttp: false },
    },
    secrets: { headers: [], origin: false, proxy: false, clientCertificate: false },
    fileCount: 1,
    createdMs: 1_700_000_000_000,
    modifiedMs: 1_700_000_000_000,
    transferredMs: undefined,
    error: undefined,
    errorCount: 0,
    bytes: { store: 0, peers: 0, origin: 0 },
    sentBytes: 0,
    timers: NEW_TIMERS,
    isCompleting: false,
    ...changes,
  };
}

/** A file of `job` that waits. */
export function fileRecord(
  job: JobRecord,
  index: number,
  changes: Partial<FileRecord> = {},
): FileRecord {
  return {
    jobId: job.id,
    index,
    url: `https://origin.test/${index}`,
    path: `/home/somebody/${index}`,
    state: 'waiting',
    sizeBytes: undefined,
    doneBytes: 0,
    error: undefined,
    responseHeaders: undefined,
    version: undefined,
    temporary: undefined,
    ...changes,
  };
}

/** An error that passes. */
export const ERROR: JobError = {
  code: 'ORIGIN_STATUS',
  message: 'the origin answered 503',
  transient: true,
  context: 'remote-file',
  atMs: 1_700_000_000_123,
};

/** A job of which everything differs from how it began. */
export const FULL_JOB: JobRecord = jobRecord(1, {
  state: 'transient-error',
  settings: {
    name: 'naïve “name” \u{1F4E6}\n',
    description: 'a description',
    priority: 'foreground',
    minimumRetryDelaySeconds: 5,
    noProgressTimeoutSeconds: 0,
    maximumDownloadSeconds: 1.5,
    autoComplete: true,
    overwrite: true,
    sharing: false,
    notify: ['desk', 'hall'],
    transport: {
      proxy: { use: 'explicit', url: 'http://proxy.test:3128', bypass: ['localhost', '*.test'] },
      redirects: 'same-origin',
      allowHttp: true,
      caFile: '/etc/ca.pem',
    },
    limit: 0,
    costPolicy: 'not-roaming',
  },
  secrets: { headers: ['X-Token'], origin: true, proxy: true, clientCertificate: true },
  fileCount: 4,
  transferredMs: 1_700_000_000_000.5,
  error: { ...ERROR, fileIndex: 2, url: 'https://origin.test/2' },
  errorCount: 12,
  bytes: { store: 1, peers: 2 ** 40, origin: 2 ** 52 },
  sentBytes: 2 ** 41,
  timers: { activeMs: 1.5, noProgressMs: 0, inactiveMs: 2, retryInMs: 3 },
  isCompleting: true,
});

/** Files of {@link FULL_JOB} with everything that a file may have. */
export const FULL_FILES: readonly FileRecord[] = [
  fileRecord(FULL_JOB, 0, {
    mirrors: ['https://mirror.test/a', 'http://mirror.test/b'],
    ranges: [{ startByte: 5, endByte: 10 }, { startByte: 100 }],
    digest: `sha256:${'ab'.repeat(32)}`,
    state: 'failed',
    sizeBytes: 105,
    doneBytes: 5,
    error: ERROR,
    responseHeaders: { 'content-type': 'text/plain', __proto__x: 'y', etag: '"1"' },
    version: { kind: 'described', digest: 'cd'.repeat(32), sizeBytes: 2 ** 45 },
    temporary: { path: '/home/somebody/.x', device: 1, inode: 2 ** 50 },
  }),
  fileRecord(FULL_JOB, 1, {
    state: 'transferring',
    version: {
      kind: 'plain',
      url: 'https://origin.test/1',
      validator: '"v"',
      sizeBytes: 7,
    },
  }),
  fileRecord(FULL_JOB, 2, {
    state: 'released',
    responseHeaders: {},
    version: {
      kind: 'plain',
      url: 'https://origin.test/2',
      validator: undefined,
      sizeBytes: undefined,
    },
  }),
  fileRecord(FULL_JOB, 3, {
    upload: {
      name: 'a/b.zip',
      protocol: 's3',
      replyPath: '/home/somebody/reply',
      s3: {
        partBytes: 5,
        partUrls: ['https://origin.test/1?s'],
        completeUrl: 'https://origin.test/c',
      },
    },
    version: {
      kind: 'sent',
      local: { sizeBytes: 7, modifiedNs: '1700000000000000001', inode: '1:2' },
      session: {
        protocol: 'tus',
        url: 'https://origin.test/files/1',
        checksum: 'sha256',
        parts: [{ index: 3, etag: '"e"' }],
        isCompleting: true,
      },
    },
  }),
];

/** What every Journal must do. */
export function journalContract(test: TestFn, open: OpenForContract): void {
  const opened = (t: ExecutionContext, now = (): number => 1): Promise<Journal> => open(t, { now });

  test('a job and its files come back as they were', async (t) => {
    const journal = await opened(t);
    journal.insertJob(FULL_JOB, FULL_FILES);
    t.deepEqual(journal.jobs(), [FULL_JOB]);
    t.deepEqual(journal.files(FULL_JOB.id), [...FULL_FILES]);
    t.deepEqual(journal.files('another'), []);
  });

  test('jobs come in order of creation, files by their index', async (t) => {
    const journal = await opened(t);
    const jobs = [3, 1, 2].map((number) => jobRecord(number));
    for (const job of jobs) journal.insertJob(job, [fileRecord(job, 1), fileRecord(job, 0)]);
    const [job] = jobs;
    if (job === undefined) return;
    journal.insertFiles([fileRecord(job, 10), fileRecord(job, 9)]);
    t.deepEqual(
      journal.jobs().map(({ number }) => number),
      [1, 2, 3],
    );
    t.deepEqual(
      journal.files(job.id).map(({ index }) => index),
      [0, 1, 9, 10],
    );
  });

  test('what is saved replaces all that was there', async (t) => {
    const journal = await opened(t);
    journal.insertJob(FULL_JOB, FULL_FILES);
    const job = jobRecord(1, { state: 'queued' });
    const file = fileRecord(job, 0, { url: 'https://other.test/0' });
    journal.saveJob(job);
    journal.saveFile(file);
    t.deepEqual(journal.jobs(), [job]);
    t.deepEqual(journal.files(job.id), [file, ...FULL_FILES.slice(1)]);
  });

  test('a job or a file that is there is not inserted again, nor a file without its job', async (t) => {
    const journal = await opened(t);
    const [job, other] = [jobRecord(1), jobRecord(2)];
    journal.insertJob(job, [fileRecord(job, 0)]);
    t.throws(() => journal.insertJob({ ...job, number: 3 }, []));
    t.throws(() => journal.insertFiles([fileRecord(job, 1), fileRecord(job, 0)]));
    t.throws(() => journal.insertFiles([fileRecord(other, 0)]));
    t.throws(() => journal.insertJob(other, [fileRecord(other, 0), fileRecord(other, 0)]));
    t.deepEqual(journal.jobs(), [job]);
    t.deepEqual(journal.files(job.id), [fileRecord(job, 0)]);
  });

  test('a removed job leaves nothing, and what comes late for it is forgotten', async (t) => {
    const journal = await opened(t);
    const other = jobRecord(2);
    journal.insertJob(FULL_JOB, FULL_FILES);
    journal.insertJob(other, [fileRecord(other, 0)]);
    for (const { id } of [FULL_JOB, other]) {
      journal.keep(id, 0, [kept(0)]);
      journal.noteError(id, ERROR);
    }
    journal.removeJob(FULL_JOB.id);
    journal.saveJob(FULL_JOB);
    for (const file of FULL_FILES) journal.saveFile(file);
    journal.keep(FULL_JOB.id, 0, [kept(1)]);
    journal.noteError(FULL_JOB.id, ERROR);
    journal.forgetKept(FULL_JOB.id, 0);
    journal.removeJob(FULL_JOB.id);
    t.deepEqual(everythingOf(journal, FULL_JOB.id), { files: [], kept: [], errors: [] });
    t.deepEqual(journal.jobs(), [other]);
    t.deepEqual(journal.keptSegments(other.id, 0).map(plain), [plain(kept(0))]);
    t.deepEqual(journal.errors(other.id, 9), [ERROR]);
    journal.insertJob(FULL_JOB, FULL_FILES);
    t.deepEqual(everythingOf(journal, FULL_JOB.id), {
      files: [...FULL_FILES],
      kept: [],
      errors: [],
    });
  });

  test('kept segments are replaced one by one and forgotten file by file', async (t) => {
    const journal = await opened(t);
    const { id } = FULL_JOB;
    journal.insertJob(FULL_JOB, FULL_FILES);
    journal.keep(id, 0, [kept(7), kept(0)]);
    journal.keep(id, 1, [kept(7)]);
    journal.keep(id, 99, [kept(7)]);
    const newer = { segmentIndex: 7, blocks: new Uint8Array([255]), blockHashes: undefined };
    journal.keep(id, 0, [newer, kept(8)]);
    t.deepEqual(journal.keptSegments(id, 0).map(plain), [kept(0), newer, kept(8)].map(plain));
    t.deepEqual(journal.keptSegments(id, 99), []);
    journal.forgetKept(id, 0);
    t.deepEqual(journal.keptSegments(id, 0), []);
    t.deepEqual(journal.keptSegments(id, 1).map(plain), [kept(7)].map(plain));
  });

  test('a bitmap that changes after it was kept does not change what is kept', async (t) => {
    const journal = await opened(t);
    journal.insertJob(FULL_JOB, FULL_FILES);
    const segment = kept(0);
    journal.keep(FULL_JOB.id, 0, [segment]);
    segment.blocks.fill(0);
    t.deepEqual(journal.keptSegments(FULL_JOB.id, 0).map(plain), [plain(kept(0))]);
  });

  test('the latest 100 errors of a job are kept, the newest first', async (t) => {
    const journal = await opened(t);
    const [job, other] = [jobRecord(1), jobRecord(2)];
    for (const each of [job, other]) journal.insertJob(each, []);
    journal.noteError(other.id, ERROR);
    for (let atMs = 1; atMs <= 130; atMs++) journal.noteError(job.id, { ...ERROR, atMs });
    const times = journal.errors(job.id, 1000).map(({ atMs }) => atMs);
    t.deepEqual(
      times,
      Array.from({ length: 100 }, (_, at) => 130 - at),
    );
    t.is(journal.errors(job.id, 7).length, 7);
    t.deepEqual(journal.errors(other.id, 1000), [ERROR]);
  });

  test('a transaction writes all, gives back what its work gives, and may read what it wrote', async (t) => {
    const journal = await opened(t);
    const job = jobRecord(1);
    const read = journal.transact(() => {
      journal.insertJob(job, [fileRecord(job, 0)]);
      journal.saveJob({ ...job, state: 'queued' });
      return journal.jobs();
    });
    t.deepEqual(read, [{ ...job, state: 'queued' }]);
    t.deepEqual(journal.jobs(), read);
  });

  test('a transaction that fails writes nothing, whatever it did, and its error comes out', async (t) => {
    let nowMs = 1;
    const journal = await opened(t, () => nowMs);
    journal.insertJob(FULL_JOB, FULL_FILES);
    journal.keep(FULL_JOB.id, 0, [kept(0)]);
    journal.noteError(FULL_JOB.id, ERROR);
    const before = everythingOf(journal, FULL_JOB.id);
    nowMs = 2;
    const failure = new Error('out of luck');
    const work = (): void => {
      journal.insertJob(jobRecord(2), []);
      journal.keep(FULL_JOB.id, 0, [kept(1)]);
      journal.forgetKept(FULL_JOB.id, 0);
      journal.noteError(FULL_JOB.id, ERROR);
      journal.saveFile(fileRecord(FULL_JOB, 0));
      journal.transact(() => journal.removeJob(FULL_JOB.id));
      throw failure;
    };
    t.is(
      t.throws(() => journal.transact(work)),
      failure,
    );
    t.deepEqual(journal.jobs(), [FULL_JOB]);
    t.deepEqual(everythingOf(journal, FULL_JOB.id), before);
    t.is(journal.lastSavedMs(), 1);
  });

  test('an inner transaction that fails is undone by itself, and the outer one may go on', async (t) => {
    const journal = await opened(t);
    const [first, second, third] = [jobRecord(1), jobRecord(2), jobRecord(3)];
    journal.transact(() => {
      journal.insertJob(first, []);
      t.throws(() =>
        journal.transact(() => {
          journal.insertJob(second, []);
          throw new Error('out of luck');
        }),
      );
      journal.insertJob(third, []);
    });
    t.deepEqual(journal.jobs(), [first, third]);
  });

  test('the time of the last write is noted, and reading is no write', async (t) => {
    let nowMs = 1000;
    const journal = await opened(t, () => nowMs);
    t.is(journal.lastSavedMs(), undefined);
    journal.insertJob(FULL_JOB, FULL_FILES);
    nowMs = 2000.5;
    journal.saveJob(FULL_JOB);
    nowMs = 3000;
    journal.transact(() => journal.jobs());
    journal.errors(FULL_JOB.id, 1);
    t.is(journal.lastSavedMs(), 2000.5);
  });
}

/** Kept blocks of a segment, with hashes that show which. */
export function kept(segmentIndex: number): KeptSegment {
  return {
    segmentIndex,
    blocks: new Uint8Array([1, 2, segmentIndex]),
    blockHashes: new Uint8Array(64).fill(segmentIndex),
  };
}

/** Comparable whether bytes come as a Buffer or not. */
function plain({ segmentIndex, blocks, blockHashes }: KeptSegment) {
  return { segmentIndex, blocks: [...blocks], blockHashes: blockHashes && [...blockHashes] };
}

/** All that a journal has of a job, comparable. */
export function everythingOf(journal: Journal, jobId: string): object {
  return {
    files: journal.files(jobId),
    kept: journal.keptSegments(jobId, 0).map(plain),
    errors: journal.errors(jobId, 1000),
  };
}
