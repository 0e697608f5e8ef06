import { KIB, MIB } from '@peer-cache/core';
import test from 'ava';
import { completionOf } from '../src/s3-multipart.ts';
import type { UploadSession } from '../src/upload-journey.ts';
import { startS3Fake } from './helpers/s3-fake.ts';
import { fileOf, send } from './helpers/sent.ts';

const PART = 256 * KIB;

for (const sizeBytes of [0, 1, PART, MIB + 5]) {
  test(`${sizeBytes} bytes arrive in parts (at a fake of S3)`, async (t) => {
    const { path, bytes } = await fileOf(t, sizeBytes);
    await using server = await startS3Fake();
    const plan = server.planOf(sizeBytes, PART);
    const { uploaded, progress } = await send(path, server.url, { plan });
    t.is(uploaded.protocol, 's3');
    t.is(server.files.length, 1);
    t.true(server.files[0]?.equals(bytes));
    t.is(progress.doneBytes, sizeBytes);
  });
}

test('parts that have arrived are not sent again', async (t) => {
  const { path, bytes } = await fileOf(t, MIB);
  let isBroken = true;
  await using server = await startS3Fake({
    meddle: (request, response) => {
      if (!isBroken || !request.url?.includes('partNumber=4')) return false;
      request.resume();
      response.writeHead(403).end();
      return true;
    },
  });
  const plan = server.planOf(MIB, PART);
  let session: UploadSession | undefined;
  const onSession = (next: UploadSession) => void (session = next);
  await t.throwsAsync(send(path, server.url, { plan, onSession }), { code: 'ORIGIN_REFUSED' });
  isBroken = false;
  const before = server.requests.length;
  await send(path, server.url, { plan, session });
  t.true(server.requests.length - before <= 3, server.requests.slice(before).join('\n'));
  t.true(server.files[0]?.equals(bytes));
});

test('a part that fails for now is sent again, by itself', async (t) => {
  const { path, bytes } = await fileOf(t, MIB);
  let times = 0;
  await using server = await startS3Fake({
    meddle: (request, response) => {
      if (!request.url?.includes('partNumber=2') || times++ > 1) return false;
      if (times === 1) request.destroy();
      else {
        request.resume();
        response.writeHead(503).end();
      }
      return true;
    },
  });
  const { progress } = await send(path, server.url, { plan: server.planOf(MIB, PART) });
  t.true(server.files[0]?.equals(bytes));
  t.is(progress.doneBytes, MIB);
});

test('an error in an answer of 200 is one', async (t) => {
  const { path } = await fileOf(t, MIB);
  await using server = await startS3Fake({
    meddle: (request, response) => {
      if (request.method !== 'POST') return false;
      request.resume();
      response.writeHead(200).end('<Error><Code>InternalError</Code></Error>');
      return true;
    },
  });
  await t.throwsAsync(send(path, server.url, { plan: server.planOf(MIB, PART) }), {
    code: 'UPLOAD_DAMAGED',
    message: /InternalError/,
  });
});

test('of an answer that never ends only the beginning is taken', async (t) => {
  const { path } = await fileOf(t, MIB);
  const gone = Promise.withResolvers<void>();
  await using server = await startS3Fake({
    meddle: (request, response) => {
      if (request.method !== 'POST') return false;
      request.resume();
      response.on('close', () => gone.resolve());
      const more = (): void => {
        while (!response.destroyed && response.write(' '.repeat(64 * KIB)));
      };
      response.writeHead(200).on('drain', more);
      more();
      return true;
    },
  });
  await send(path, server.url, { plan: server.planOf(MIB, PART) });
  await gone.promise;
  t.pass('its connection is given up');
});

test('a completion whose answer was lost is taken for done', async (t) => {
  const { path, bytes } = await fileOf(t, MIB);
  await using server = await startS3Fake();
  const plan = server.planOf(MIB, PART);
  const { sessions } = await send(path, server.url, { plan });
  await send(path, server.url, { plan, session: sessions.at(-1) });
  t.is(server.files.length, 1);
  t.true(server.files[0]?.equals(bytes));
});

test('a plan for another size, and URLs that were signed wrongly, are told', async (t) => {
  const { path } = await fileOf(t, MIB);
  await using server = await startS3Fake();
  await t.throwsAsync(send(path, server.url, { plan: server.planOf(2 * MIB, PART) }), {
    code: 'ORIGIN_PROTOCOL',
  });
  t.deepEqual(server.requests, []);
  const plan = server.planOf(MIB, PART);
  const partUrls = plan.partUrls.map((url) => url.replace('good', 'old'));
  await t.throwsAsync(send(path, server.url, { plan: { ...plan, partUrls } }), {
    code: 'ORIGIN_REFUSED',
  });
});

test('parts are told in their order, whatever came first', (t) => {
  const etags = new Map([
    [1, '"b<>"'],
    [0, '"a"'],
  ]);
  t.is(
    completionOf(etags),
    '<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>&quot;a&quot;</ETag></Part>' +
      '<Part><PartNumber>2</PartNumber><ETag>&quot;b&lt;&gt;&quot;</ETag></Part>' +
      '</CompleteMultipartUpload>',
  );
});
