import { text } from 'node:stream/consumers';
import test from 'ava';
import { Agent, request } from 'undici';
import { until } from '../../discovery/test/helpers/until.ts';
import { noticing } from '../src/sent-notice.ts';
import { jobHttp } from './helpers/job-http.ts';
import { startOrigin } from './helpers/servers.ts';

const NO_HEADERS = { headers: {} };

test('who sends a request is told when it goes out, not when it waits for a connection', async (t) => {
  const { promise: gate, resolve: openGate } = Promise.withResolvers<void>();
  await using origin = await startOrigin((_request, response) => {
    void gate.then(() => response.end('content'));
  });
  const agent = new Agent({ connections: 1 });
  t.teardown(() => agent.close());
  const order: string[] = [];
  const ask = async (name: string): Promise<string> => {
    const dispatcher = noticing(agent, () => order.push(`${name} sent`));
    const { body } = await request(origin.url, { dispatcher });
    order.push(`${name} answered`);
    return await body.text();
  };
  const both = [ask('first'), ask('second')];
  await until(
    () => origin.requests.length,
    (count) => count === 1,
  );
  t.deepEqual(order, ['first sent']);
  openGate();
  t.deepEqual(await Promise.all(both), ['content', 'content']);
  t.deepEqual(order, ['first sent', 'first answered', 'second sent', 'second answered']);
});

test('where nobody wants to know, nothing is in between', (t) => {
  const agent = new Agent();
  t.is(noticing(agent, undefined), agent);
});

test('a redirect is one request, and its target another', async (t) => {
  await using target = await startOrigin();
  await using origin = await startOrigin((_request, response) => {
    response.writeHead(302, { location: `${target.url}/there` }).end();
  });
  await using http = jobHttp();
  let count = 0;
  const options = { ...NO_HEADERS, signal: AbortSignal.timeout(10_000), onSent: () => count++ };
  const { status, fields, body } = await http.get(origin.url, options);
  t.is(status, 200);
  t.is(fields['content-length'], '7');
  t.is(await text(body), 'content');
  t.is(count, 2);
});

test('a request that never goes out is not told of', async (t) => {
  await using http = jobHttp();
  let count = 0;
  const options = { ...NO_HEADERS, signal: AbortSignal.timeout(10_000), onSent: () => count++ };
  const got = http.get('http://127.0.0.1:9/', options);
  await t.throwsAsync(got, { code: 'ORIGIN_UNREACHABLE' });
  t.is(count, 0);
});

test('what fails after it went out fails as without notice', async (t) => {
  await using origin = await startOrigin((asked, response) => {
    if (asked.url === '/cut') {
      response.writeHead(200, { 'content-length': 100 });
      response.write('some', () => setTimeout(() => response.destroy(), 20));
    } else if (asked.url === '/dropped') asked.socket.destroy();
  });
  await using http = jobHttp();
  let count = 0;
  const get = async (path: string, signal = AbortSignal.timeout(10_000)) =>
    await http.get(origin.url + path, { ...NO_HEADERS, signal, onSent: () => count++ });
  await t.throwsAsync(get('/dropped'), { code: 'ORIGIN_UNREACHABLE' });
  t.is(count, 1);
  const { body } = await get('/cut');
  await t.throwsAsync(text(body), { code: 'UND_ERR_SOCKET' });
  t.is(count, 2);
  const stop = new AbortController();
  const got = get('/never', stop.signal);
  await until(
    () => count,
    (sent) => sent === 3,
  );
  const reason = new Error('not wanted any more');
  stop.abort(reason);
  t.is(await t.throwsAsync(got), reason);
});
