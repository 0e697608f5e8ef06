import type { IncomingMessage } from 'node:http';
import test from 'ava';
import { digestResponse } from '../src/digest-auth.ts';
import { challenges } from '../src/http-fields.ts';
import { makeAuthority } from './helpers/certificates.ts';
import { getText, jobHttp } from './helpers/job-http.ts';
import { isKnown, startOrigin, startProxy } from './helpers/servers.ts';

const authority = await makeAuthority();
const [host, local, user] = await Promise.all([
  authority.issue('DNS:origin.test'),
  authority.issue('IP:127.0.0.1'),
  authority.issue('DNS:anna'),
]);
const { ca } = authority;
const BASIC = `Basic ${Buffer.from('anna:zanzibar').toString('base64')}`;
const CREDENTIALS = { scheme: 'basic', user: 'anna', password: 'zanzibar' } as const;

const by = (url: string, bypass: string[] = []) =>
  ({ proxy: { use: 'explicit', url, bypass } }) as const;

const basicOnly = ({ headers }: IncomingMessage) => {
  const isRight = headers['proxy-authorization'] === BASIC;
  return { status: isRight ? 200 : 407, challenge: 'Basic realm="p"' };
};

const digestOnly = ({ headers, method = '', url: uri = '' }: IncomingMessage) => {
  const [given] = challenges({ a: headers['proxy-authorization'] }, 'a');
  const of = (name: string) => given?.parameters.get(name) ?? '';
  const expected = digestResponse({
    algorithm: { name: 'SHA-256', hash: 'sha256', isSession: false },
    user: 'anna',
    password: 'zanzibar',
    realm: 'p',
    nonce: 'n',
    method,
    uri,
    count: { nc: of('nc'), cnonce: of('cnonce') },
  });
  const isRight = of('response') === expected && of('uri') === uri;
  const challenge = 'Digest realm="p", nonce="n", qop="auth", algorithm=SHA-256';
  return { status: isRight ? 200 : 407, challenge };
};

test('a plain URL is asked for through the proxy by its whole address', async (t) => {
  await using origin = await startOrigin();
  await using proxy = await startProxy({ port: origin.port });
  await using http = jobHttp({ ...by(proxy.url), secrets: { headers: { 'X-Key': 'k' } } });
  t.like(await getText(http, 'http://origin.test/a?b=c'), { text: 'content' });
  const [asked] = proxy.requests;
  t.like(asked, { method: 'GET', url: 'http://origin.test/a?b=c' });
  t.is(asked?.headers.host, 'origin.test');
  t.is(origin.requests[0]?.headers['x-key'], 'k');
});

test('an https: URL is reached through a tunnel that the proxy does not see into', async (t) => {
  await using origin = await startOrigin(undefined, { ...host, ca, requestCert: true });
  await using proxy = await startProxy({ port: origin.port });
  const clientCertificate = { certificate: user.cert, key: user.key };
  const secrets = { clientCertificate, headers: { 'X-Key': 'k' }, proxy: CREDENTIALS };
  await using http = jobHttp({ ...by(proxy.url), ca, secrets });
  for (let count = 0; count < 6; count++) {
    t.like(await getText(http, 'https://origin.test/a'), { text: 'content' });
  }
  t.true(proxy.requests.length < 4, 'tunnels are used again');
  const [asked] = proxy.requests;
  t.like(asked, { method: 'CONNECT', url: 'origin.test:443' });
  t.is(asked?.headers['x-key'], undefined);
  t.is(asked?.headers['proxy-authorization'], BASIC);
  t.true(origin.requests.every(isKnown));
  t.is(origin.requests[0]?.headers['proxy-authorization'], undefined);
});

test("a tunnel's far end is checked as the origin, whatever the proxy may be", async (t) => {
  await using origin = await startOrigin(undefined, local);
  await using proxy = await startProxy({ port: origin.port });
  await using http = jobHttp({ ...by(proxy.url), ca });
  const asked = getText(http, 'https://origin.test/');
  await t.throwsAsync(asked, { code: 'ORIGIN_UNTRUSTED', message: /https:\/\/origin\.test\/ / });
});

test('a proxy may be reached by TLS itself', async (t) => {
  await using plain = await startOrigin();
  await using plainProxy = await startProxy({ port: plain.port, tls: local });
  await using http = jobHttp({ ...by(plainProxy.url), ca });
  t.like(await getText(http, 'http://origin.test/'), { text: 'content' });
  await using origin = await startOrigin(undefined, host);
  await using proxy = await startProxy({ port: origin.port, tls: local });
  await using tunnelling = jobHttp({ ...by(proxy.url), ca });
  t.like(await getText(tunnelling, 'https://origin.test/'), { text: 'content' });
  await using distrusting = jobHttp(by(proxy.url));
  for (const url of ['http://origin.test/', 'https://origin.test/']) {
    const code = 'ORIGIN_UNTRUSTED';
    const error = await t.throwsAsync(getText(distrusting, url), { code });
    t.true(error.message.includes(proxy.url));
  }
});

for (const [scheme, admits] of [
  ['basic', basicOnly],
  ['digest', digestOnly],
] as const) {
  test(`a proxy that wants ${scheme} credentials lets those in who have them`, async (t) => {
    await using plain = await startOrigin();
    await using safe = await startOrigin(undefined, host);
    await using plainProxy = await startProxy({ port: plain.port, admits });
    await using safeProxy = await startProxy({ port: safe.port, admits });
    const secrets = { proxy: { ...CREDENTIALS, scheme } };
    for (const [url, proxy] of [
      ['http://origin.test/a?b', plainProxy.url],
      ['https://origin.test/a?b', safeProxy.url],
    ] as const) {
      await using http = jobHttp({ ...by(proxy), ca, secrets });
      t.like(await getText(http, url), { text: 'content' });
      const wrong = { proxy: { ...CREDENTIALS, scheme, password: 'wrong' } };
      for (const none of [wrong, {}]) {
        await using refused = jobHttp({ ...by(proxy), ca, secrets: none });
        const error = await t.throwsAsync(getText(refused, url), { code: 'PROXY_REFUSED' });
        t.like(error, { transient: false });
        t.regex(error.message, /HTTP 407/);
      }
    }
    t.is(plain.requests[0]?.headers['proxy-authorization'], undefined);
  });
}

test("user info in a proxy's address is its credentials, and is never shown", async (t) => {
  await using origin = await startOrigin();
  await using proxy = await startProxy({ port: origin.port, admits: basicOnly });
  const httpProxy = proxy.url.replace('//', '//anna:zanzibar@');
  await using http = jobHttp({ proxy: { use: 'environment' }, environment: { httpProxy } });
  t.like(await getText(http, 'http://origin.test/'), { text: 'content' });
  await proxy[Symbol.asyncDispose]();
  const error = await t.throwsAsync(getText(http, 'http://origin.test/'), {
    code: 'PROXY_UNREACHABLE',
  });
  t.like(error, { transient: true });
  t.false(error.message.includes('zanzibar'));
});

test('what a proxy answers for a tunnel decides whether it is worth another try', async (t) => {
  for (const [status, code] of [
    [403, 'PROXY_REFUSED'],
    [404, 'PROXY_REFUSED'],
    [405, 'PROXY_REFUSED'],
    [502, 'ORIGIN_UNREACHABLE'],
    [503, 'ORIGIN_UNREACHABLE'],
    [504, 'ORIGIN_UNREACHABLE'],
  ] as const) {
    await using proxy = await startProxy({ port: 1, admits: () => ({ status }) });
    await using http = jobHttp(by(proxy.url));
    await t.throwsAsync(getText(http, 'https://origin.test/'), { code }, String(status));
  }
});

test('a proxy that hangs up, or that nobody runs, is unreachable', async (t) => {
  await using proxy = await startProxy({ port: 1 });
  await using http = jobHttp(by(proxy.url));
  const code = 'PROXY_UNREACHABLE';
  await proxy[Symbol.asyncDispose]();
  await t.throwsAsync(getText(http, 'http://origin.test/'), { code });
  await t.throwsAsync(getText(http, 'https://origin.test/'), { code });
});

test('a tunnel that leads nowhere does not hang', async (t) => {
  await using proxy = await startProxy({ port: 1 });
  await using http = jobHttp(by(proxy.url));
  await t.throwsAsync(getText(http, 'https://origin.test/'), { code: 'PROXY_UNREACHABLE' });
});

test('hosts on the bypass list are asked directly', async (t) => {
  await using origin = await startOrigin();
  await using proxy = await startProxy({ port: origin.port });
  await using http = jobHttp(by(proxy.url, ['*.elsewhere.test']));
  t.like(await getText(http, origin.url), { text: 'content' });
  const asked = getText(http, 'http://a.elsewhere.test/');
  await t.throwsAsync(asked, { code: 'ORIGIN_UNREACHABLE' });
  t.is(proxy.requests.length, 0);
});

test('a public origin leads into no private network by way of a proxy', async (t) => {
  await using inner = await startOrigin();
  for (const target of ['http://10.0.0.1/', 'http://[fd00::1]/', 'http://0x7f.1/', inner.url]) {
    await using origin = await startOrigin((_, response) => {
      response.writeHead(302, { location: target }).end();
    });
    await using proxy = await startProxy({ port: origin.port });
    await using http = jobHttp(by(proxy.url));
    const asked = getText(http, 'http://origin.test/');
    await t.throwsAsync(asked, { code: 'REDIRECT_REFUSED' }, target);
    t.is(proxy.requests.length, 1);
  }
  t.is(inner.requests.length, 0);
});

test('a proxy that is none is said at once', async (t) => {
  await using http = jobHttp(by('socks5://proxy.test'));
  await t.throwsAsync(getText(http, 'http://origin.test/'), { code: 'PROXY_INVALID' });
});
