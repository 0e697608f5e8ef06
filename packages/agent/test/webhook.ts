import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, RequestListener, ServerResponse } from 'node:http';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import type { NotifyWebhook } from '../src/config/notify-settings.ts';
import { postWebhook } from '../src/notify/webhook.ts';
import { jobTransferred } from './helpers/job-summary.ts';

const NEWS = jobTransferred();
const neverAborted = { signal: new AbortController().signal };

interface Received {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A server that keeps what it gets and answers as told. */
async function hook(t: ExecutionContext, answer: (response: ServerResponse) => void) {
  const received: Received[] = [];
  const listener: RequestListener = (request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (part: string) => {
      body += part;
    });
    request.once('end', () => {
      const { method, url, headers } = request;
      received.push({ method, url, headers, body });
      answer(response);
    });
  };
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return { received, target: webhook(`http://127.0.0.1:${port}/T0/secret?key=1`) };
}

function webhook(url: string): NotifyWebhook {
  return { kind: 'webhook', url, on: ['transferred', 'error'] };
}

test('a webhook gets the job as JSON, the event and a key in its headers', async (t) => {
  const { received, target } = await hook(t, (response) => response.writeHead(204).end());
  const delivery = await postWebhook(target, NEWS, neverAborted);
  t.deepEqual(delivery, { isDelivered: true, facts: { status: 204 } });
  const key = `${NEWS.jobId}:transferred:2000`;
  t.like(received, [
    {
      method: 'POST',
      url: '/T0/secret?key=1',
      headers: {
        'content-type': 'application/json',
        'peer-cache-event': 'transferred',
        'idempotency-key': key,
      },
    },
  ]);
  t.deepEqual(JSON.parse(received[0]?.body ?? ''), { event: 'transferred', key, job: NEWS.job });
});

test('a redirect is not followed', async (t) => {
  const { received, target } = await hook(t, (response) =>
    response.writeHead(307, { location: '/elsewhere' }).end(),
  );
  t.deepEqual(await postWebhook(target, NEWS, neverAborted), {
    isDelivered: false,
    facts: { status: 307 },
  });
  t.is(received.length, 1);
});

test('an answer without an end costs nothing after its status', async (t) => {
  const { target } = await hook(t, (response) => {
    response.writeHead(200);
    const more = setInterval(() => response.write('x'.repeat(65_536)), 1);
    response.once('close', () => clearInterval(more));
  });
  t.true((await postWebhook(target, NEWS, neverAborted)).isDelivered);
});

test('who does not answer within 5 seconds was not told', async (t) => {
  const { target } = await hook(t, () => {});
  const startedMs = performance.now();
  t.deepEqual(await postWebhook(target, NEWS, neverAborted), {
    isDelivered: false,
    facts: { reason: 'time limit' },
  });
  t.true(performance.now() - startedMs < 7000);
});

test('what fails is told by its code alone, without the URL', async (t) => {
  t.deepEqual(await postWebhook(webhook('http://127.0.0.1:1/T0/secret'), NEWS, neverAborted), {
    isDelivered: false,
    facts: { reason: 'ECONNREFUSED' },
  });
});

test('an agent that ends does not wait for the answer', async (t) => {
  const abort = new AbortController();
  const { target } = await hook(t, () => abort.abort());
  await t.throwsAsync(postWebhook(target, NEWS, { signal: abort.signal }), { name: 'AbortError' });
});
