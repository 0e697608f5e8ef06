import type { IncomingMessage } from 'node:http';
import test from 'ava';
import { getText, jobHttp } from './helpers/job-http.ts';
import { startOrigin } from './helpers/servers.ts';

const ORIGIN = { scheme: 'basic', user: 'anna', password: 'zänzibar' } as const;
const SECRETS = { headers: { 'X-Key': 'k', Cookie: 'a=b', 'User-Agent': 'mine' }, origin: ORIGIN };
const BASIC = `Basic ${Buffer.from('anna:zänzibar').toString('base64')}`;

const secretsIn = ({ headers }: IncomingMessage) => ({
  key: headers['x-key'],
  cookie: headers.cookie,
  authorization: headers.authorization,
});
const NONE = { key: undefined, cookie: undefined, authorization: undefined };
const ALL = { key: 'k', cookie: 'a=b', authorization: BASIC };

async function startRedirect(target: (request: IncomingMessage) => string, status = 302) {
  return await startOrigin((request, response) => {
    response.writeHead(status, { location: target(request) }).end();
  });
}

test("headers and credentials arrive at the file's own origin with the first request", async (t) => {
  await using origin = await startOrigin();
  await using http = jobHttp({ secrets: SECRETS });
  t.like(await getText(http, origin.url, { range: 'bytes=0-' }), { text: 'content' });
  const [request] = origin.requests;
  t.deepEqual(request && secretsIn(request), ALL);
  t.like(request?.headers, { 'user-agent': 'mine', 'accept-encoding': 'identity' });
  t.is(request?.headers.range, 'bytes=0-');
});

test('a bearer token is sent as it is', async (t) => {
  await using origin = await startOrigin();
  await using http = jobHttp({ secrets: { origin: { scheme: 'bearer', token: 'abc' } } });
  await getText(http, origin.url);
  t.is(origin.requests[0]?.headers.authorization, 'Bearer abc');
});

test('user info of a URL is sent by Basic, on redirects within the origin as well', async (t) => {
  await using origin = await startOrigin((request, response) => {
    if (request.url === '/file') response.end('content');
    else response.writeHead(302, { location: `http://${request.headers.host}/file` }).end();
  });
  await using http = jobHttp();
  const url = origin.url.replace('//', '//anna:z%C3%A4nzibar@');
  t.like(await getText(http, `${url}/moved`), { text: 'content' });
  const odd = origin.url.replace('//', '//a%zz:p@');
  await getText(http, `${odd}/file`);
  const sent = origin.requests.map(({ headers }) => headers.authorization);
  t.deepEqual(sent, [BASIC, BASIC, `Basic ${Buffer.from('a%zz:p').toString('base64')}`]);
});

test("a job's credentials go before those of the URL, and a header before both", async (t) => {
  await using origin = await startOrigin();
  const url = origin.url.replace('//', '//other:one@');
  await using http = jobHttp({ secrets: { origin: ORIGIN } });
  await getText(http, url);
  await using named = jobHttp({ secrets: { origin: ORIGIN, headers: { authorization: 'Own x' } } });
  await getText(named, url);
  const sent = origin.requests.map(({ headers }) => headers.authorization);
  t.deepEqual(sent, [BASIC, 'Own x']);
});

test('no header, cookie or credential arrives at another origin, nor from there back', async (t) => {
  await using elsewhere = await startRedirect(() => `${own.url}/file`);
  await using own = await startOrigin((request, response) => {
    if (request.url === '/file') response.end('content');
    else response.writeHead(302, { location: elsewhere.url }).end();
  });
  await using http = jobHttp({ secrets: SECRETS });
  for (let count = 0; count < 2; count++) {
    const asked = { cookie: 'of=request', authorization: 'of request' };
    t.like(await getText(http, `${own.url}/moved`, count === 0 ? {} : asked), { text: 'content' });
  }
  const [first, ...others] = own.requests;
  t.deepEqual(first && secretsIn(first), ALL);
  // The second time the redirect's target is asked at once.
  t.is(others.length, 2);
  for (const request of [...others, ...elsewhere.requests]) t.deepEqual(secretsIn(request), NONE);
});

test('a redirect within the origin keeps what the origin is to see', async (t) => {
  await using own = await startOrigin((request, response) => {
    if (request.url === '/file') response.end('content');
    else response.writeHead(308, { location: '/file' }).end();
  });
  await using http = jobHttp({ secrets: SECRETS, redirects: 'same-origin' });
  t.like(await getText(http, `${own.url}/moved`), { text: 'content' });
  for (const request of own.requests) t.deepEqual(secretsIn(request), ALL);
});

test('a link to another origin is followed without what is secret', async (t) => {
  await using own = await startOrigin();
  await using elsewhere = await startOrigin();
  await using http = jobHttp({ secrets: SECRETS });
  const signal = AbortSignal.timeout(10_000);
  for (const url of [elsewhere.url, own.url]) {
    const { body } = await http.get(url, { headers: {}, signal, linkedFrom: `${own.url}/file` });
    body.destroy();
  }
  t.deepEqual(elsewhere.requests.map(secretsIn), [NONE]);
  t.deepEqual(own.requests.map(secretsIn), [ALL]);
});

test('redirects are refused where the job says so, naming the target without its secrets', async (t) => {
  await using elsewhere = await startOrigin();
  await using within = await startRedirect(() => '/file?token=zanzibar');
  await using away = await startRedirect(() => `${elsewhere.url}/file?token=zanzibar`);
  await using refusing = jobHttp({ redirects: 'refuse' });
  await using staying = jobHttp({ redirects: 'same-origin' });
  for (const [http, { url }, target] of [
    [refusing, within, `${within.url}/file`],
    [refusing, away, `${elsewhere.url}/file`],
    [staying, away, `${elsewhere.url}/file`],
  ] as const) {
    const error = await t.throwsAsync(getText(http, url), { code: 'REDIRECT_REFUSED' });
    t.true(error.message.includes(target));
    t.false(error.message.includes('zanzibar'));
  }
  t.is(elsewhere.requests.length, 0);
});

test('redirects that lead in a circle end', async (t) => {
  await using origin = await startRedirect(({ url }) => `${url}x`);
  await using http = jobHttp();
  await t.throwsAsync(getText(http, origin.url), { code: 'ORIGIN_PROTOCOL' });
  t.is(origin.requests.length, 11);
});

test('a request that was given up says why, and is no failure of the origin', async (t) => {
  await using origin = await startOrigin(() => undefined);
  await using http = jobHttp();
  const stop = new AbortController();
  const asked = http.get(origin.url, { headers: {}, signal: stop.signal });
  stop.abort(new Error('enough'));
  await t.throwsAsync(asked, { message: 'enough' });
});
