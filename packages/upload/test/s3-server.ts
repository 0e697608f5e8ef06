import { MIB } from '@peer-cache/core';
import test from 'ava';
import type { UploadSession } from '../src/upload-journey.ts';
import { UploadProgress } from '../src/upload-progress.ts';
import { startS3Server } from './helpers/s3-server.ts';
import { fileOf, folderOf, send } from './helpers/sent.ts';

/** The least that S3 takes of any part but the last. */
const PART = 5 * MIB;

for (const sizeBytes of [1, PART, 2 * PART + 17]) {
  test(`${sizeBytes} bytes arrive in parts at a server that is not ours`, async (t) => {
    const { path, bytes } = await fileOf(t, sizeBytes);
    await using server = await startS3Server(await folderOf(t));
    const plan = await server.planFor('a/file.bin', sizeBytes, PART);
    const { uploaded, progress } = await send(path, server.urlOf('a/file.bin'), { plan });
    t.is(uploaded.protocol, 's3');
    t.is(progress.doneBytes, sizeBytes);
    t.true((await server.read('a/file.bin')).equals(bytes));
  });
}

test('an upload goes on with the parts that it has', async (t) => {
  const sizeBytes = 4 * PART;
  const { path, bytes } = await fileOf(t, sizeBytes);
  await using server = await startS3Server(await folderOf(t));
  const plan = await server.planFor('file', sizeBytes, PART);
  const stop = new AbortController();
  let session: UploadSession | undefined;
  const onSession = (next: UploadSession): void => {
    session ??= next;
    stop.abort(new Error('enough'));
  };
  const url = server.urlOf('file');
  const first = send(path, url, { plan, onSession, signal: stop.signal });
  await t.throwsAsync(first, { message: 'enough' });
  t.is(session?.parts?.length, 1);
  let sentBytes = 0;
  const progress = new UploadProgress();
  progress.on('bytes-sent', ({ bytes: more }) => (sentBytes += more));
  await send(path, url, { plan, session, progress });
  t.is(sentBytes, sizeBytes - PART);
  t.true((await server.read('file')).equals(bytes));
});
