import test from 'ava';
import { checkAuthorities, checkClientCertificate } from '../src/transport-tls.ts';
import { makeAuthority, startStrictOrigin } from './helpers/certificates.ts';
import { getText, jobHttp } from './helpers/job-http.ts';
import { isKnown, startOrigin } from './helpers/servers.ts';

const [authority, stranger] = await Promise.all([makeAuthority(), makeAuthority()]);
const [host, expired, otherHost, user, otherUser] = await Promise.all([
  authority.issue('IP:127.0.0.1'),
  authority.issue('IP:127.0.0.1', { days: -1 }),
  authority.issue('DNS:other.test'),
  authority.issue('DNS:anna'),
  stranger.issue('DNS:eve'),
]);
const { ca } = authority;
const client = { certificate: user.cert, key: user.key };

test('an origin of an authority that the job trusts is trusted, by this job only', async (t) => {
  await using origin = await startOrigin(undefined, host);
  await using trusting = jobHttp({ ca });
  t.like(await getText(trusting, origin.url), { text: 'content' });
  await using plain = jobHttp();
  const error = await t.throwsAsync(getText(plain, origin.url), { code: 'ORIGIN_UNTRUSTED' });
  t.regex(error.message, /caFile/);
  await using other = jobHttp({ ca: stranger.ca });
  await t.throwsAsync(getText(other, origin.url), { code: 'ORIGIN_UNTRUSTED' });
});

test('several authorities in one file are all trusted', async (t) => {
  await using origin = await startOrigin(undefined, host);
  await using http = jobHttp({ ca: `some words\n${stranger.ca}\n${ca}` });
  t.like(await getText(http, origin.url), { text: 'content' });
});

for (const [what, certificate, words] of [
  ['has expired', expired, /expired/],
  ['is for another host', otherHost, /another host/],
] as const) {
  test(`a certificate that ${what} is not trusted, and the message says so`, async (t) => {
    await using origin = await startOrigin(undefined, certificate);
    await using http = jobHttp({ ca });
    const code = 'ORIGIN_UNTRUSTED';
    const error = await t.throwsAsync(getText(http, origin.url), { code, message: words });
    t.like(error, { transient: false });
  });
}

async function startKnowing(answer?: Parameters<typeof startOrigin>[0]) {
  return await startOrigin(answer, { ...host, ca, requestCert: true, rejectUnauthorized: false });
}

test('a client certificate is shown to its origin, in PEM or PKCS #12', async (t) => {
  await using origin = await startKnowing();
  const pfx = await authority.pfx(user, 'zanzibar');
  for (const clientCertificate of [client, { pfx, passphrase: 'zanzibar' }]) {
    await using http = jobHttp({ ca, secrets: { clientCertificate } });
    await getText(http, origin.url);
  }
  t.deepEqual(origin.requests.map(isKnown), [true, true]);
});

test('a client certificate is not shown to another origin', async (t) => {
  await using elsewhere = await startKnowing();
  await using origin = await startKnowing((_, response) => {
    response.writeHead(302, { location: `${elsewhere.url}/file` }).end();
  });
  await using http = jobHttp({ ca, secrets: { clientCertificate: client } });
  t.like(await getText(http, origin.url), { text: 'content' });
  t.deepEqual(origin.requests.map(isKnown), [true]);
  t.deepEqual(elsewhere.requests.map(isKnown), [false]);
  // A file of that origin is another matter, and must not go over the connection made before.
  await getText(http, elsewhere.url);
  t.deepEqual(elsewhere.requests.map(isKnown), [false, true]);
});

for (const version of ['-tls1_2', '-tls1_3'] as const) {
  test(`an origin that insists on client certificates refuses others (${version})`, async (t) => {
    await using origin = await startStrictOrigin(version, { ...host, ca });
    await using without = jobHttp({ ca });
    // TLS 1.2 has only `handshake failure` to say it with.
    const code = version === '-tls1_2' ? 'ORIGIN_PROTOCOL' : 'ORIGIN_REFUSED';
    await t.throwsAsync(getText(without, origin.url), { code });
    const clientCertificate = { certificate: otherUser.cert, key: otherUser.key };
    await using wrong = jobHttp({ ca, secrets: { clientCertificate } });
    await t.throwsAsync(getText(wrong, origin.url), { code: 'ORIGIN_REFUSED' });
    await using right = jobHttp({ ca, secrets: { clientCertificate: client } });
    t.like(await getText(right, origin.url), { status: 200 });
  });
}

test('from TLS to plain HTTP leads a redirect only where it is allowed, and without secrets', async (t) => {
  await using plain = await startOrigin();
  await using origin = await startOrigin((_, response) => {
    response.writeHead(301, { location: plain.url }).end();
  }, host);
  const secrets = {
    headers: { 'X-Key': 'k' },
    origin: { scheme: 'bearer', token: 'zanzibar' },
  } as const;
  await using strict = jobHttp({ ca, secrets });
  await t.throwsAsync(getText(strict, origin.url), { code: 'REDIRECT_REFUSED' });
  t.is(plain.requests.length, 0);
  await using lenient = jobHttp({ ca, secrets, allowHttp: true });
  t.like(await getText(lenient, origin.url), { text: 'content' });
  const [request] = plain.requests;
  t.is(request?.headers['x-key'], undefined);
  t.is(request?.headers.authorization, undefined);
});

test('certificates that are none are refused at once, without a word of them', async (t) => {
  const code = 'CERTIFICATE_UNUSABLE';
  const pfx = await authority.pfx(user, 'zanzibar');
  for (const bad of [
    {},
    { certificate: user.cert },
    { certificate: user.cert, key: otherUser.key },
    { certificate: 'zanzibar', key: 'zanzibar' },
    { pfx, passphrase: 'wrong' },
    { pfx: 'zanzibar' },
    { pfx, certificate: user.cert, key: user.key },
  ]) {
    const error = t.throws(() => checkClientCertificate(bad), { code });
    t.false(error?.message.includes('zanzibar'));
  }
  const damaged = ca.replace(/\n.{10}/, '\nAAAAAAAAAA');
  for (const bad of ['', 'zanzibar', damaged]) t.throws(() => checkAuthorities(bad), { code });
  t.throws(() => jobHttp({ ca: '' }), { code });
  checkClientCertificate(client);
  checkAuthorities(ca);
});
