import { createServer } from 'node:net';
import test from 'ava';
import { errors } from 'undici';
import { errorOfFailure, networkFailure } from '../src/network-failure.ts';
import { getText, jobHttp } from './helpers/job-http.ts';
import { startOrigin } from './helpers/servers.ts';

const failed = (code: string, cause?: unknown) =>
  Object.assign(new Error(`failed: ${code}`, { cause }), { code });

const ROWS: Readonly<Record<string, string>> = {
  ORIGIN_UNREACHABLE: `
    ENOTFOUND EAI_AGAIN EAI_FAIL EAI_NODATA ENODATA ESERVFAIL ETIMEOUT ECONNREFUSED
    ECONNRESET ECONNABORTED EPIPE ETIMEDOUT EHOSTUNREACH EHOSTDOWN ENETUNREACH ENETDOWN
    EADDRNOTAVAIL UND_ERR_CONNECT_TIMEOUT UND_ERR_HEADERS_TIMEOUT UND_ERR_BODY_TIMEOUT
    UND_ERR_SOCKET UND_ERR_CLOSED HPE_INVALID_EOF_STATE HPE_CLOSED_CONNECTION
    ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC EPROTO
    EMFILE SOMETHING_NEW`,
  ORIGIN_UNTRUSTED: `
    CERT_HAS_EXPIRED CERT_NOT_YET_VALID CERT_REVOKED CERT_UNTRUSTED CERT_REJECTED
    CERT_SIGNATURE_FAILURE CERT_CHAIN_TOO_LONG INVALID_PURPOSE DEPTH_ZERO_SELF_SIGNED_CERT
    SELF_SIGNED_CERT_IN_CHAIN INVALID_CA UNABLE_TO_GET_ISSUER_CERT
    UNABLE_TO_GET_ISSUER_CERT_LOCALLY UNABLE_TO_VERIFY_LEAF_SIGNATURE HOSTNAME_MISMATCH
    ERR_TLS_CERT_ALTNAME_INVALID UNABLE_TO_GET_CRL CRL_HAS_EXPIRED EE_KEY_TOO_SMALL
    ERROR_IN_CERT_NOT_AFTER_FIELD`,
  ORIGIN_REFUSED: `
    ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE
    ERR_SSL_TLSV1_ALERT_UNKNOWN_CA ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED
    ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN ERR_SSL_TLSV1_ALERT_ACCESS_DENIED`,
  ORIGIN_PROTOCOL: `
    HPE_INVALID_CONSTANT HPE_INVALID_HEADER_TOKEN HPE_INVALID_CONTENT_LENGTH
    UND_ERR_HEADERS_OVERFLOW ERR_SSL_WRONG_VERSION_NUMBER
    ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION
    ERR_SSL_NO_PROTOCOLS_AVAILABLE ERR_SSL_UNSUPPORTED_PROTOCOL
    ERR_SSL_TLSV1_UNRECOGNIZED_NAME`,
};

for (const [code, causes] of Object.entries(ROWS)) {
  for (const cause of causes.trim().split(/\s+/)) {
    test(`${cause} becomes ${code}`, (t) => {
      const transient = code === 'ORIGIN_UNREACHABLE';
      t.like(networkFailure(failed(cause)), { code, transient });
      const error = errorOfFailure('https://origin.test/file', failed(cause));
      t.is(error.code, code);
      t.is(error.transient, transient);
      t.true(error.message.startsWith('https://origin.test/file '));
    });
  }
}

test('the deepest cause that the table knows decides', (t) => {
  const expired = failed('CERT_HAS_EXPIRED', new Error('depth 0'));
  t.is(networkFailure(failed('UND_ERR_SOCKET', expired)).code, 'ORIGIN_UNTRUSTED');
  const all = new AggregateError([failed('ENETUNREACH'), failed('ECONNREFUSED')]);
  t.is(networkFailure(all).reason, 'nothing listens there');
  t.true(networkFailure(new errors.SocketError('other side closed')).transient);
  t.true(networkFailure('odd').transient);
});

test('causes that go round in a circle end', (t) => {
  const first = failed('X');
  first.cause = failed('Y', first);
  t.is(networkFailure(first).code, 'ORIGIN_UNREACHABLE');
});

test('each failure names its place in the work', (t) => {
  t.is(networkFailure(failed('ENOTFOUND')).context, 'general-transport');
  t.is(networkFailure(failed('CERT_REVOKED')).context, 'general-transport');
  t.is(networkFailure(failed('HPE_INVALID_METHOD')).context, 'remote-file');
});

async function rawServer(bytes: string) {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(bytes));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`,
    [Symbol.asyncDispose]: async () => await new Promise<void>((end) => server.close(() => end())),
  };
}

for (const [what, bytes, code] of [
  ['no HTTP', 'hello there\r\n\r\n', 'ORIGIN_PROTOCOL'],
  ['a broken header', 'HTTP/1.1 200 OK\r\nno colon\r\n\r\n', 'ORIGIN_PROTOCOL'],
  ['a header without end', `HTTP/1.1 200 OK\r\na: ${'x'.repeat(2 ** 15)}`, 'ORIGIN_PROTOCOL'],
  ['half a header', 'HTTP/1.1 200 OK\r\ncontent-le', 'ORIGIN_UNREACHABLE'],
  ['nothing', '', 'ORIGIN_UNREACHABLE'],
] as const) {
  test(`a server that sends ${what} is ${code}`, async (t) => {
    await using server = await rawServer(bytes);
    await using http = jobHttp();
    await t.throwsAsync(getText(http, server.url), { code });
  });
}

test('a port where nothing listens, and a name that is none, may pass', async (t) => {
  const origin = await startOrigin();
  await origin[Symbol.asyncDispose]();
  await using http = jobHttp();
  await t.throwsAsync(getText(http, origin.url), { code: 'ORIGIN_UNREACHABLE' });
  await t.throwsAsync(getText(http, 'http://no-such-host.invalid/'), {
    code: 'ORIGIN_UNREACHABLE',
  });
});

test('a plain server where TLS was expected is no matter of time', async (t) => {
  await using origin = await startOrigin();
  await using http = jobHttp();
  const url = origin.url.replace('http:', 'https:');
  await t.throwsAsync(getText(http, url), { code: 'ORIGIN_PROTOCOL' });
});
