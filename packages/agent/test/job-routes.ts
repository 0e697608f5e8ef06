import { KIB } from '@peer-cache/core';
import type { Log } from '@peer-cache/core';
import type { JobDetails, JobPage } from '@peer-cache/protocol';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import {
  COMPLETION_REPORT,
  JOB_DETAILS,
  JOB_EXPLANATION,
  JOB_REPLY,
  JOB_PAGE,
} from '../src/control/job-answer-schemas.ts';
import { controlCall, jsonCall } from './helpers/control-call.ts';
import { serveControl } from './helpers/controlled-agent.ts';
import { JobMap } from './helpers/job-map.ts';

const FILE = { url: 'http://127.0.0.1/a', path: '/tmp/a' };

function isOf(t: ExecutionContext, schema: TSchema, value: unknown): void {
  t.deepEqual([...Value.Errors(schema, value)], []);
}

/** Serves jobs of these names, all with one file. */
async function serveJobs(t: ExecutionContext, ...names: string[]) {
  const jobs = new JobMap();
  const made: JobDetails[] = [];
  for (const name of names) made.push(await jobs.create({ name, files: [FILE] }));
  const socketPath = await serveControl(t, { jobs });
  const ids = made.map(({ id }) => id);
  return { jobs, socketPath, ids, firstId: ids[0] ?? '' };
}

test('a job is created with all that can be said of it, and its place is told', async (t) => {
  const { socketPath, jobs } = await serveJobs(t);
  const request = {
    name: 'nightly',
    description: 'all of it',
    priority: 'foreground',
    minimumRetryDelaySeconds: 5,
    noProgressTimeoutSeconds: 0,
    maximumDownloadSeconds: 60,
    autoComplete: true,
    overwrite: true,
    sharing: false,
    notify: ['mail'],
    limit: 500_000,
    costPolicy: 'no-surcharge',
    transport: {
      proxy: { use: 'explicit', url: 'http://proxy:3128', bypass: ['localhost'] },
      redirects: 'same-origin',
      allowHttp: true,
      caFile: '/etc/ca.pem',
    },
    secrets: {
      headers: { 'x-token': 'open sesame' },
      origin: { scheme: 'digest', user: 'me', password: 'open sesame' },
      proxy: { scheme: 'bearer', token: 'open sesame' },
      clientCertificate: { pfx: 'AAAA', passphrase: 'open sesame' },
    },
    files: [{ ...FILE, ranges: [{ startByte: 0, endByte: 9 }, { startByte: 20 }] }],
    resume: true,
  };
  const { status, headers, text } = await controlCall(socketPath, '/v1/jobs', {
    body: JSON.stringify(request),
  });
  t.is(status, 201);
  const job: unknown = JSON.parse(text);
  isOf(t, JOB_DETAILS, job);
  const [made] = jobs.list().jobs;
  t.is(headers.location, `/v1/jobs/${made?.id}`);
  t.like(job, { name: 'nightly', state: 'queued', priority: 'foreground', fileCount: 1 });
  t.like(job, { settings: { limit: 500_000, costPolicy: 'no-surcharge' } });
  t.false(text.includes('open sesame'));
});

test('jobs are listed page by page and by their states', async (t) => {
  const { socketPath, jobs, ids } = await serveJobs(t, 'a', 'b', 'c');
  await jobs.resume('b');
  const page = async (query: string): Promise<JobPage> => {
    const { text } = await controlCall(socketPath, `/v1/jobs${query}`);
    const value = JSON.parse(text);
    isOf(t, JOB_PAGE, value);
    return value;
  };
  t.deepEqual(await page(''), JSON.parse(JSON.stringify(jobs.list())));
  const first = await page('?limit=2');
  t.like(first, { total: 3, next: ids[1] });
  t.deepEqual((await page(`?limit=2&after=${first.next}`)).jobs[0]?.name, 'c');
  t.is((await page('?state=queued')).jobs[0]?.name, 'b');
  t.is((await page('?state=queued,suspended')).total, 3);
});

test('a job goes by its ID, the start of its ID, and a name of any characters', async (t) => {
  const name = 'a/b ü%? €'.padEnd(256, '€');
  const { socketPath, firstId } = await serveJobs(t, name, '..');
  for (const job of [firstId, firstId.slice(0, 8), encodeURIComponent(name)]) {
    const { status, value } = await jsonCall(socketPath, 'GET', `/v1/jobs/${job}`);
    t.is(status, 200);
    isOf(t, JOB_DETAILS, value);
    t.like(value, { id: firstId, name });
  }
});

test('a job is suspended, resumed, changed, retargeted, explained and completed', async (t) => {
  const { socketPath, firstId } = await serveJobs(t, 'a');
  const call = async (method: string, path: string, body?: object): Promise<unknown> => {
    const { status, value } = await jsonCall(
      socketPath,
      method,
      `/v1/jobs/${firstId}${path}`,
      body,
    );
    t.is(status, 200, `${method} ${path}`);
    return value;
  };
  t.like(await call('POST', '/resume'), { state: 'queued' });
  t.like(await call('POST', '/suspend'), { state: 'suspended' });
  t.like(await call('PATCH', '', { priority: 'low' }), { priority: 'low' });
  t.like(await call('POST', '/files', { files: [FILE] }), { fileCount: 2 });
  const prefixes = { oldPrefix: 'http://127.0.0.1/', newPrefix: 'http://mirror/' };
  t.like(await call('POST', '/retarget', prefixes), {
    files: [{ url: 'http://mirror/a' }, { url: 'http://mirror/a' }],
  });
  const retargeted = await call('POST', '/retarget', { fileIndex: 1, url: 'http://b/' });
  t.like(retargeted, { files: [{ url: 'http://mirror/a' }, { url: 'http://b/' }] });
  isOf(t, JOB_DETAILS, retargeted);
  isOf(t, JOB_EXPLANATION, await call('GET', '/why'));
  isOf(t, JOB_REPLY, await call('GET', '/reply'));
  const report = await call('POST', '/complete');
  isOf(t, COMPLETION_REPORT, report);
  t.like(report, { state: 'acknowledged' });
});

for (const [method, suffix] of [
  ['DELETE', ''],
  ['POST', '/cancel'],
] as const) {
  test(`${method} /v1/jobs/:job${suffix} cancels a job`, async (t) => {
    const { socketPath, firstId } = await serveJobs(t, 'a');
    const path = `/v1/jobs/${firstId}`;
    const { status, value } = await jsonCall(socketPath, method, path + suffix);
    t.is(status, 200);
    t.like(value, { state: 'cancelled' });
    t.is((await jsonCall(socketPath, 'GET', path)).status, 404);
  });
}

const refuses = test.macro<[string, string, object | undefined, number, string]>({
  async exec(t, method, path, body, status, code) {
    const { socketPath, jobs } = await serveJobs(t, 'twin', 'twin', 'done');
    await jobs.complete('done');
    await jobs.create({ name: 'empty' });
    const answer = await jsonCall(socketPath, method, `/v1/jobs${path}`, body);
    t.is(answer.status, status);
    t.like(answer.value, { code, transient: false });
    t.deepEqual(Object.keys(Object(answer.value)), ['code', 'message', 'transient']);
  },
  title: (name, _m, _p, _b, status, code) => `${name ?? ''} is refused with ${status} ${code}`,
});

const CODE = 'CONTROL_REQUEST';
test('a job that is not there', refuses, 'GET', '/none', undefined, 404, 'JOB_NOT_FOUND');
test('a name of two jobs', refuses, 'GET', '/twin', undefined, 409, 'JOB_AMBIGUOUS');
test('a verb that the state forbids', refuses, 'POST', '/done/resume', undefined, 409, 'JOB_STATE');
test('resuming a job of no files', refuses, 'POST', '/empty/resume', undefined, 409, 'JOB_EMPTY');
const relative = { name: 'a', files: [{ ...FILE, path: 'a' }] };
test('what the jobs refuse', refuses, 'POST', '', relative, 400, 'JOB_REQUEST');
test('a job with no name', refuses, 'POST', '', { files: [] }, 400, CODE);
test('a name of 257 characters', refuses, 'POST', '', { name: 'a'.repeat(257) }, 400, CODE);
test('an unknown key', refuses, 'POST', '', { name: 'a', mode: 7 }, 400, CODE);
test('an unknown priority', refuses, 'PATCH', '/empty', { priority: 'urgent' }, 400, CODE);
const hasty = { minimumRetryDelaySeconds: 4 };
test('a retry delay under 5 seconds', refuses, 'PATCH', '/empty', hasty, 400, CODE);
const longUrl = { files: [{ ...FILE, url: `http://a/${'a'.repeat(2200)}` }] };
test('a URL of more than 2200 characters', refuses, 'POST', '/empty/files', longUrl, 400, CODE);
const fractions = { files: [{ ...FILE, ranges: [{ startByte: 0.5 }] }] };
test('half a byte', refuses, 'POST', '/empty/files', fractions, 400, CODE);
test('no files to add', refuses, 'POST', '/empty/files', { files: [] }, 400, CODE);
const both = { fileIndex: 0, url: 'http://a/', oldPrefix: 'a', newPrefix: 'b' };
test('both forms of retargeting', refuses, 'POST', '/empty/retarget', both, 400, CODE);
test('a body for a verb', refuses, 'POST', '/empty/suspend', { now: true }, 400, CODE);
test('an unknown state', refuses, 'GET', '?state=lost', undefined, 400, CODE);
test('a page of none', refuses, 'GET', '?limit=0', undefined, 400, CODE);
test('a page of 1001', refuses, 'GET', '?limit=1001', undefined, 400, CODE);
test('a limit said twice', refuses, 'GET', '?limit=1&limit=2', undefined, 400, CODE);
test('an unknown word in the query', refuses, 'GET', '?order=up', undefined, 400, CODE);
test('an unknown verb', refuses, 'POST', '/empty/pause', undefined, 404, CODE);
const huge = { description: 'a'.repeat(129 * KIB) };
test('changes of more than 128 KiB', refuses, 'PATCH', '/empty', huge, 413, CODE);

test('a job of two hundred files with the longest URLs and paths fits', async (t) => {
  const { socketPath } = await serveJobs(t);
  const url = `http://a/${'a'.repeat(2191)}`;
  const path = `/${'p'.repeat(4095)}`;
  const body = { name: 'large', files: Array.from({ length: 200 }, () => ({ url, path })) };
  t.is((await jsonCall(socketPath, 'POST', '/v1/jobs', body)).status, 201);
});

test('what an unknown path or method may be instead is told', async (t) => {
  const { socketPath } = await serveJobs(t);
  const put = await controlCall(socketPath, '/v1/jobs/a', { method: 'PUT', body: '{}' });
  t.is(put.status, 405);
  t.deepEqual(put.headers.allow?.split(', ').toSorted(), ['DELETE', 'GET', 'PATCH']);
  t.is((await controlCall(socketPath, '/v1/openapixjson')).status, 404);
});

test('no secret of a request reaches the log or the answer, whatever becomes of it', async (t) => {
  const records: unknown[] = [];
  const note = (facts: object, message: string): void => void records.push(facts, message);
  const log: Log = { debug: note, info: note, warn: note, error: note };
  const jobs = new JobMap();
  jobs.create = async () => {
    throw new Error('the unforeseen');
  };
  const socketPath = await serveControl(t, { jobs, log });
  const secrets = { headers: { authorization: 'open sesame' } };
  for (const [status, sent] of [
    [500, { name: 'a', secrets }],
    [400, { name: 7, secrets }],
    [400, { name: 'a', secrets: { ...secrets, origin: 'open sesame' } }],
    [400, { name: 'a', secrets: { origin: { scheme: 'open sesame' } } }],
  ] as const) {
    const body = JSON.stringify(sent);
    const answer = await controlCall(socketPath, '/v1/jobs', { body });
    t.is(answer.status, status);
    t.false(answer.text.includes('sesame'));
  }
  const cut = await controlCall(socketPath, '/v1/jobs', { body: '{"name": "open sesame' });
  t.false(cut.text.includes('sesame'));
  const text = records.map((record) =>
    isError(record) ? record.err.stack : JSON.stringify(record),
  );
  t.true(text.join().includes('the unforeseen'));
  t.false(text.join().includes('sesame'));
});

function isError(record: unknown): record is { readonly err: Error } {
  return typeof record === 'object' && record !== null && 'err' in record;
}
