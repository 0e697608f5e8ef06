import { createHash } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { createSecureServer } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import { ALWAYS, UNPACED } from '@peer-cache/bandwidth';
import type { Turn } from '@peer-cache/bandwidth';
import { MIB } from '@peer-cache/core';
import test from 'ava';
import { makeAuthority } from '../../transport/test/helpers/certificates.ts';
import { jobHttp } from '../../transport/test/helpers/job-http.ts';
import { startOrigin } from '../../transport/test/helpers/servers.ts';
import { fileOf, send } from './helpers/sent.ts';

/** More than the systems' buffers on both sides hold, and no whole number of reads. */
const SIZE_BYTES = 24 * MIB + 17;
/** What is sent at a time: all there is, blocks, and less than a socket keeps back. */
const SLICES = {
  'as much as there is': Infinity,
  'some at a time': 5 * 1400,
  'odd pieces': 65_537,
};

for (const [name, mostSlice] of Object.entries(SLICES)) {
  for (const scheme of ['http', 'https'] as const) {
    test(`${scheme}: a reader who rests gets the bytes of the file, ${name}`, async (t) => {
      const { path, bytes } = await fileOf(t, SIZE_BYTES);
      const hashes: string[] = [];
      const authority = scheme === 'https' ? await makeAuthority() : undefined;
      const answer: RequestListener = (request, response) =>
        void takeSlowly(request, hashes).then((status) => response.writeHead(status).end());
      await using server = await startOrigin(answer, await authority?.issue('IP:127.0.0.1'));
      await using http = jobHttp({ ca: authority?.ca });
      const turn = slicedTurn(mostSlice);
      await send(path, `${server.url}/file`, { http, protocol: 'put', turn });
      t.deepEqual(hashes, [createHash('sha256').update(bytes).digest('hex')]);
    });
  }
}

test('HTTP/2: a reader who rests gets the bytes of the file', async (t) => {
  const { path, bytes } = await fileOf(t, SIZE_BYTES);
  const authority = await makeAuthority();
  const hashes: string[] = [];
  const certificate = await authority.issue('IP:127.0.0.1');
  const server = createSecureServer(certificate, (request, response) => {
    void takeSlowly(request, hashes).then((status) => response.writeHead(status).end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => void server.close());
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  {
    await using http = jobHttp({ ca: authority.ca });
    await send(path, `https://127.0.0.1:${port}/file`, {
      http,
      protocol: 'put',
      turn: slicedTurn(7000),
    });
  }
  t.deepEqual(hashes, [createHash('sha256').update(bytes).digest('hex')]);
});

interface Taken extends AsyncIterable<Uint8Array> {
  readonly method?: string | undefined;
}

/** Takes what is PUT, and rests now and then, so that the sender's buffers are full. */
async function takeSlowly(request: Taken, hashes: string[]): Promise<number> {
  if (request.method !== 'PUT') return 405;
  const hash = createHash('sha256');
  let untilRest = MIB;
  for await (const chunk of request) {
    hash.update(chunk);
    untilRest -= chunk.length;
    if (untilRest > 0) continue;
    untilRest = MIB;
    await sleep(1);
  }
  hashes.push(hash.digest('hex'));
  return 201;
}

function slicedTurn(mostSlice: number): Turn {
  const slice = (_: string, most: number) => Promise.resolve(Math.min(most, mostSlice));
  return { ...ALWAYS, pacing: { ...UNPACED, send: slice } };
}
