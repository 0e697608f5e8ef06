import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { KIB, MIB } from '@peer-cache/core';
import test from 'ava';
import { discard } from '../src/discard.ts';
import { jobHttp } from './helpers/job-http.ts';
import { startOrigin } from './helpers/servers.ts';

const signal = AbortSignal.timeout(20_000);

test('a short answer is taken, and its connection used again', async (t) => {
  await using origin = await startOrigin((_, response) => response.end(Buffer.alloc(60 * KIB)));
  await using http = jobHttp();
  for (let count = 0; count < 4; count++) {
    const { body } = await http.send(origin.url, { method: 'POST', headers: {}, signal });
    discard(body);
    await once(body, 'close');
  }
  // One may still be on its way back to the pool when the next is sent.
  t.true(new Set(origin.requests.map(({ socket }) => socket)).size <= 2);
});

const ENDLESS: Readonly<Record<string, (response: ServerResponse) => void>> = {
  'that is long': (response) => {
    const more = (): void => {
      while (response.socket?.destroyed === false && response.write(Buffer.alloc(MIB)));
    };
    response.on('drain', more);
    more();
  },
  'that comes a byte at a time': (response) => {
    const drip = setInterval(() => response.write('x'), 20);
    response.once('close', () => clearInterval(drip));
  },
};
for (const [name, write] of Object.entries(ENDLESS)) {
  test(`an answer ${name} is broken off`, async (t) => {
    await using origin = await startOrigin((_, response) => write(response.writeHead(200)));
    await using http = jobHttp();
    const { body } = await http.send(origin.url, { method: 'POST', headers: {}, signal });
    discard(body, name === 'that is long' ? undefined : 200);
    const socket = origin.requests[0]?.socket;
    await new Promise<void>((resolve) => {
      socket?.on('error', () => undefined).once('close', () => resolve());
    });
    t.true((socket?.bytesWritten ?? 0) < 16 * MIB);
  });
}
