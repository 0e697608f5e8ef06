import { writeFile } from 'node:fs/promises';
import { MIB } from '@peer-cache/core';
import type { JobKind, JobReply, JobState } from '@peer-cache/protocol';
import test from 'ava';
import { replyOf } from '../src/job-reply.ts';
import type { FileRecord } from '../src/records.ts';
import { jobOf } from './helpers/one-job.ts';
import { temporaryFolder } from './helpers/temporary-folder.ts';
import { fileRecord, jobRecord } from './journal-contract.ts';

interface Plan {
  readonly kind?: JobKind;
  readonly state?: JobState;
}

async function replyIn(
  files: readonly Partial<FileRecord>[],
  { kind = 'upload-reply', state = 'transferred' }: Plan = {},
): Promise<JobReply> {
  const record = jobRecord(1, { kind, state, fileCount: files.length });
  const records = files.map((file, index) => fileRecord(record, index, file));
  return await replyOf(jobOf(record, { files: records }));
}

test('a reply of up to 1 MiB is shown without its name', async (t) => {
  await using folder = await temporaryFolder();
  const path = folder.path('reply.tmp');
  await writeFile(path, 'well received');
  const temporary = { path, device: 1, inode: 2 };
  const sent = { upload: {}, state: 'transferred' } as const;
  const reply = { state: 'transferred', path: '/answer', sizeBytes: 13, temporary } as const;
  t.deepEqual(await replyIn([sent, reply]), {
    path: '/answer',
    sizeBytes: 13,
    base64: Buffer.from('well received').toString('base64'),
  });
  const request = { code: 'JOB_REQUEST' };
  const large = { ...reply, sizeBytes: MIB + 1 };
  await t.throwsAsync(replyIn([sent, large]), { ...request, message: /complete the job/ });
  await t.throwsAsync(replyIn([sent, reply, reply]), { ...request, message: /several replies/ });
  await t.throwsAsync(replyIn([sent]), { ...request, message: /answered without a reply/ });
  await t.throwsAsync(replyIn([sent], { kind: 'upload' }), { ...request, message: /upload-reply/ });
  const waiting = { ...reply, state: 'waiting' } as const;
  const state = 'transferring';
  await t.throwsAsync(replyIn([sent, waiting], { state }), { code: 'JOB_STATE' });
  await t.throwsAsync(replyIn([{ upload: {} }], { state }), { code: 'JOB_STATE' });
});
