import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import test from 'ava';
import { DigestAuth } from '../src/digest-auth.ts';
import { challenges } from '../src/http-fields.ts';
import type { Challenge } from '../src/http-fields.ts';
import { getText, jobHttp } from './helpers/job-http.ts';
import { startOrigin } from './helpers/servers.ts';

const run = promisify(execFile);

/** RFC 7616 §3.9.1, the two challenges of the example joined in one field. */
const NONCE = '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v';
const OPAQUE = 'FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS';
const REALM = 'http-auth@example.org';
const CNONCE = 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ';
const asked = (algorithm: string, rest = '') =>
  `Digest realm="${REALM}", qop="auth, auth-int", algorithm=${algorithm}, nonce="${NONCE}", opaque="${OPAQUE}"${rest}`;
const parsed = (...values: string[]): Challenge[] =>
  challenges({ 'www-authenticate': values }, 'www-authenticate');
const mufasa = () => new DigestAuth({ user: 'Mufasa', password: 'Circle of Life' }, () => CNONCE);

test('the example of RFC 7616 is answered as the RFC answers it', (t) => {
  for (const [algorithm, response] of [
    ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
    ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
  ] as const) {
    const auth = mufasa();
    t.true(auth.challenged(parsed(asked(algorithm)), { isFirst: true }));
    t.is(
      auth.authorization('GET', '/dir/index.html'),
      `Digest username="Mufasa", realm="${REALM}", nonce="${NONCE}", uri="/dir/index.html", ` +
        `algorithm=${algorithm}, response="${response}", cnonce="${CNONCE}", qop=auth, ` +
        `nc=00000001, opaque="${OPAQUE}"`,
    );
  }
});

test('of several challenges the strongest is answered, wherever it stands', (t) => {
  for (const order of [
    ['MD5', 'SHA-256'],
    ['SHA-256', 'MD5'],
  ]) {
    const auth = mufasa();
    const values = ['Basic realm="x"', ...order.map((each) => asked(each)), 'Negotiate'];
    t.true(auth.challenged(parsed(...values), { isFirst: true }));
    t.regex(auth.authorization('GET', '/') ?? '', /algorithm=SHA-256,/);
  }
});

test('a nonce is used again and its uses counted', (t) => {
  const auth = mufasa();
  t.is(auth.authorization('GET', '/'), undefined);
  auth.challenged(parsed(asked('MD5')), { isFirst: true });
  t.regex(auth.authorization('GET', '/') ?? '', /nc=00000001/);
  t.regex(auth.authorization('GET', '/') ?? '', /nc=00000002/);
  t.true(auth.challenged(parsed(asked('MD5')), { isFirst: true }), 'a parallel request');
  t.regex(auth.authorization('GET', '/') ?? '', /nc=00000003/);
});

test('a second refusal is final unless the nonce was stale', (t) => {
  const auth = mufasa();
  t.true(auth.challenged(parsed(asked('MD5')), { isFirst: true }));
  t.false(auth.challenged(parsed(asked('MD5')), { isFirst: false }));
  t.false(auth.challenged(parsed(asked('MD5', ', stale=false')), { isFirst: false }));
  t.true(auth.challenged(parsed(asked('MD5', ', stale=TRUE')), { isFirst: false }));
});

test('what we can not answer is not answered', (t) => {
  for (const value of [
    'Basic realm="x"',
    'Digest realm="x"',
    'Digest nonce="x"',
    'Digest realm="x", nonce="y", qop="auth-int"',
    'Digest realm="x", nonce="y", algorithm=ROT13',
    '',
  ]) {
    t.false(mufasa().challenged(parsed(value), { isFirst: true }), value);
  }
});

test('quotes are escaped, and names beyond ASCII go by hash or percent-encoded', (t) => {
  const odd = new DigestAuth({ user: 'a"b\\', password: 'p' });
  odd.challenged(parsed('Digest realm="r\\"s", nonce="n"'), { isFirst: true });
  t.regex(odd.authorization('GET', '/') ?? '', /username="a\\"b\\\\", realm="r\\"s"/);
  const named = new DigestAuth({ user: 'Jäsøn Doe', password: 'p' });
  named.challenged(parsed('Digest realm="api@example.org", nonce="n"'), { isFirst: true });
  t.regex(named.authorization('GET', '/') ?? '', /username\*=UTF-8''J%C3%A4s%C3%B8n%20Doe,/);
  named.challenged(parsed('Digest realm="r", nonce="m", userhash=true'), { isFirst: true });
  const hash = createHash('md5').update('Jäsøn Doe:r').digest('hex');
  t.regex(named.authorization('GET', '/') ?? '', new RegExp(`username="${hash}".*userhash=true`));
});

test('challenges are told apart in one field, whatever they quote', (t) => {
  const fields = {
    'www-authenticate': 'Basic realm="a, b=\\"c\\"" , Digest nonce = "x=", qop=auth',
  };
  const found = challenges(fields, 'www-authenticate').map(({ scheme, parameters }) => [
    scheme,
    Object.fromEntries(parameters),
  ]);
  t.deepEqual(found, [
    ['basic', { realm: 'a, b="c"' }],
    ['digest', { nonce: 'x=', qop: 'auth' }],
  ]);
});

/** A server's half of digest authentication, written apart from ours; curl is its judge. */
function digestServer({ algorithm, qop = true, uses = Infinity }: ServerOptions) {
  const hashName = algorithm.replace('-sess', '').toLowerCase().replace('sha-256', 'sha256');
  const hash = (text: string) => createHash(hashName).update(text).digest('hex');
  const counts = new Map<string, number>();
  let refusals = 0;
  const challenge = (isStale: boolean) => {
    refusals++;
    const nonce = randomBytes(8).toString('hex');
    counts.set(nonce, 0);
    const fields = [`realm="r"`, `nonce="${nonce}"`, `algorithm=${algorithm}`, 'opaque="o"'];
    return `Digest ${[...fields, ...(qop ? ['qop="auth"'] : []), ...(isStale ? ['stale=true'] : [])].join(', ')}`;
  };
  const check = (request: IncomingMessage): string | undefined => {
    const [given] = challenges({ a: request.headers.authorization }, 'a');
    const of = (name: string) => given?.parameters.get(name) ?? '';
    const count = counts.get(of('nonce'));
    if (given === undefined) return challenge(false);
    if (count === undefined || count >= uses) return challenge(true);
    counts.set(of('nonce'), count + 1);
    const plain = hash('anna:r:zan"zibar');
    const ha1 = algorithm.endsWith('-sess')
      ? hash(`${plain}:${of('nonce')}:${of('cnonce')}`)
      : plain;
    const middle = qop ? `${of('nc')}:${of('cnonce')}:auth:` : '';
    const expected = hash(`${ha1}:${of('nonce')}:${middle}${hash(`GET:${request.url}`)}`);
    const isCounted = !qop || parseInt(of('nc'), 16) === count + 1;
    const isRight =
      of('response') === expected && of('opaque') === 'o' && of('uri') === request.url;
    return isRight && isCounted ? undefined : challenge(false);
  };
  return { check, refusals: () => refusals };
}

interface ServerOptions {
  readonly algorithm: string;
  readonly qop?: boolean;
  /** Of one nonce, before it is stale. */
  readonly uses?: number;
}

async function startDigestOrigin(options: ServerOptions) {
  const { check, refusals } = digestServer(options);
  const origin = await startOrigin((request, response) => {
    const challenge = check(request);
    if (challenge !== undefined) response.writeHead(401, { 'www-authenticate': challenge });
    response.end(challenge === undefined ? 'content' : 'no');
  });
  return {
    origin,
    refusals,
    [Symbol.asyncDispose]: async () => await origin[Symbol.asyncDispose](),
  };
}

const CREDENTIALS = { scheme: 'digest', user: 'anna', password: 'zan"zibar' } as const;

for (const options of [
  { algorithm: 'MD5' },
  { algorithm: 'MD5', qop: false },
  { algorithm: 'MD5-sess' },
  { algorithm: 'SHA-256' },
  { algorithm: 'SHA-256-sess' },
]) {
  const name = `${options.algorithm}${options.qop === false ? ' without qop' : ''}`;
  test(`a server that asks for ${name} lets us in, and curl where there is one`, async (t) => {
    await using server = await startDigestOrigin(options);
    await using http = jobHttp({ secrets: { origin: CREDENTIALS } });
    const url = `${server.origin.url}/a%20file?x=1,2`;
    for (let count = 0; count < 3; count++) {
      t.like(await getText(http, url), { status: 200, text: 'content' });
    }
    t.is(server.refusals(), 1, 'one challenge serves all');
    const user = ['--digest', '--user', 'anna:zan"zibar'];
    const curl = await run('curl', ['--silent', '--noproxy', '*', ...user, url]).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined;
        throw error;
      },
    );
    t.is(curl?.stdout ?? 'content', 'content');
  });
}

test('a stale nonce is replaced, and parallel requests all get through', async (t) => {
  await using server = await startDigestOrigin({ algorithm: 'SHA-256', uses: 2, qop: false });
  await using http = jobHttp({ secrets: { origin: CREDENTIALS } });
  for (let count = 0; count < 6; count++) {
    t.like(await getText(http, server.origin.url), { status: 200 });
  }
  t.is(server.refusals(), 3);
  await using other = await startDigestOrigin({ algorithm: 'SHA-256', qop: false });
  const all = Array.from({ length: 8 }, async () => await getText(http, other.origin.url));
  t.true((await Promise.all(all)).every(({ status }) => status === 200));
});

test('a wrong password is tried once', async (t) => {
  await using server = await startDigestOrigin({ algorithm: 'MD5' });
  await using http = jobHttp({ secrets: { origin: { ...CREDENTIALS, password: 'wrong' } } });
  t.like(await getText(http, server.origin.url), { status: 401 });
  t.is(server.origin.requests.length, 2);
});
