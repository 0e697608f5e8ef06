import { once } from 'node:events';
import { connect } from 'node:net';
import { KIB, MIB } from '@peer-cache/core';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { controlCall } from './helpers/control-call.ts';
import { serveControl } from './helpers/controlled-agent.ts';

/** Sends bytes as they are; resolves with all that came back once the connection is closed. */
async function exchange(
  socketPath: string,
  bytes: string | Uint8Array,
  { ends = true } = {},
): Promise<string> {
  const socket = connect(socketPath);
  let text = '';
  socket.setEncoding('latin1').on('data', (part: string) => {
    text += part;
  });
  // Whoever is cut off while it still sends gets EPIPE or ECONNRESET.
  socket.on('error', () => {});
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  socket.once('close', () => resolve());
  socket.write(bytes);
  if (ends) socket.end();
  await closed;
  return text;
}

const refused = test.macro<[string | Uint8Array, RegExp]>({
  async exec(t, bytes, status) {
    const socketPath = await serveControl(t);
    const text = await exchange(socketPath, bytes);
    t.regex(text.split('\r\n')[0] ?? '', status);
    if (text !== '') t.regex(text, /"code":"CONTROL_REQUEST"/);
    await isWell(t, socketPath);
  },
  title: (name) => `${name ?? ''} is refused, and the agent stays well`,
});

async function isWell(t: ExecutionContext, socketPath: string): Promise<void> {
  t.is((await controlCall(socketPath, '/v1/status')).status, 200);
}

function head(line: string, ...headers: string[]): string {
  return `${[line, 'Host: localhost', 'Connection: close', ...headers].join('\r\n')}\r\n\r\n`;
}

const BAD = /^HTTP\/1\.1 400 /;
const JSON_TYPE = 'Content-Type: application/json';
const POST = 'POST /v1/jobs HTTP/1.1';
const GET = 'GET /v1/status HTTP/1.1';

test('a TLS hello', refused, Buffer.from('16030100a5010000a1030300', 'hex'), BAD);
test('random bytes', refused, Buffer.alloc(64 * KIB, 0xe7), BAD);
test('NUL bytes', refused, Buffer.alloc(1000), BAD);
test('HTTP/0.9', refused, 'GET /v1/status\r\n\r\n', / 40[03] /);
test('HTTP/2', refused, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', BAD);
test('a request with no Host', refused, `${GET}\r\n\r\n`, /^HTTP\/1\.1 403 /);
test('HTTP/1.0 with no Host', refused, 'GET /v1/status HTTP/1.0\r\n\r\n', /^HTTP\/1\.1 403 /);
test('half a head', refused, 'GET /v1/sta', BAD);
test('half a body', refused, `${head(POST, JSON_TYPE, 'Content-Length: 100')}{"name"`, /^$|400/);
test('a NUL in a header', refused, head(GET, 'A: \0'), BAD);
test('a bare line feed', refused, `${GET}\nHost: localhost\nA: b\r\nc\n\n`, BAD);
test('a negative length', refused, head(POST, JSON_TYPE, 'Content-Length: -1'), BAD);
test('two lengths', refused, head(POST, 'Content-Length: 2', 'Content-Length: 3'), BAD);
const smuggled = head(POST, 'Content-Length: 2', 'Transfer-Encoding: chunked');
test('a length and chunks', refused, `${smuggled}0\r\n\r\n`, BAD);
const chunked = head(POST, JSON_TYPE, 'Transfer-Encoding: chunked');
test('chunks of no size', refused, `${chunked}zz\r\n{}\r\n0\r\n\r\n`, /^$|400/);
test('a head of 32 KiB', refused, head(GET, `A: ${'a'.repeat(32 * KIB)}`), /^HTTP\/1\.1 431 /);
const many = Array.from({ length: 5000 }, (_, index) => `A${index}: b`);
test('5000 headers', refused, head(GET, ...many), /^HTTP\/1\.1 431 /);
test('a URL of 32 KiB', refused, head(`GET /${'a'.repeat(32 * KIB)} HTTP/1.1`), /^HTTP\/1\.1 431 /);
test('a URL that is none', refused, head('GET /v1/jobs/%zz HTTP/1.1'), BAD);
test('a name of 4 KiB', refused, head(`GET /v1/jobs/${'a'.repeat(4096)} HTTP/1.1`), / 4\d\d /);
test('a proxy request', refused, head('GET http://a/v1/status HTTP/1.1'), /^HTTP\/1\.1 403 /);
test('OPTIONS', refused, head('OPTIONS * HTTP/1.1'), /^HTTP\/1\.1 403 /);
test('an unknown method', refused, head('BREW /v1/status HTTP/1.1'), BAD);
test('a known method of no use here', refused, head('PROPFIND /v1/jobs HTTP/1.1'), / 40[45] /);
test('CONNECT', refused, head('CONNECT a:1 HTTP/1.1'), /^$|^HTTP\/1\.1 4/);
const xml = '<a/>';
const asXml = head(POST, 'Content-Type: text/xml', `Content-Length: ${xml.length}`);
test('XML', refused, asXml + xml, /^HTTP\/1\.1 415 /);
const proto = '{"name": "a", "__proto__": {"isAdmin": true}}';
const asJson = head(POST, JSON_TYPE, `Content-Length: ${proto.length}`);
test('a prototype', refused, asJson + proto, BAD);
const deep = '['.repeat(100_000);
test(
  'deep nesting',
  refused,
  `${head(POST, JSON_TYPE, `Content-Length: ${deep.length}`)}${deep}`,
  BAD,
);

for (const header of [
  'Origin: http://evil.example',
  'Origin: null',
  'Referer: http://evil.example/',
  'Cookie: a=b',
  'Sec-Fetch-Site: same-origin',
]) {
  test(`a request with ${header}`, refused, head(GET, header), /^HTTP\/1\.1 403 /);
}

for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1', 'localhost:80']) {
  const bytes = `${GET}\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
  test(`a request to ${host}`, refused, bytes, /^HTTP\/1\.1 403 /);
}

test('a body larger than any may be is refused before it has arrived', async (t) => {
  const socketPath = await serveControl(t);
  const bytes = head(POST, JSON_TYPE, `Content-Length: ${64 * MIB}`);
  t.regex(await exchange(socketPath, bytes, { ends: false }), /^HTTP\/1\.1 413 /);
  await isWell(t, socketPath);
});

for (const [name, bytes] of [
  ['nothing', ''],
  ['half a head', 'GET /v1/status HTTP/1.1\r\nHost: loc'],
  ['half a body', `${head(POST, JSON_TYPE, 'Content-Length: 100')}{"name"`],
] as const) {
  test(`who sends ${name} and then waits is hung up on`, async (t) => {
    const socketPath = await serveControl(t, { requestTimeoutMs: 200 });
    t.regex(await exchange(socketPath, bytes, { ends: false }), /^$|^HTTP\/1\.1 408 /);
    await isWell(t, socketPath);
  });
}

test('a hundred who say nothing keep nobody else from being answered', async (t) => {
  const socketPath = await serveControl(t);
  const silent = Array.from({ length: 100 }, () => connect(socketPath));
  t.teardown(() => silent.forEach((socket) => socket.destroy()));
  await Promise.all(silent.map((socket) => once(socket, 'connect')));
  await isWell(t, socketPath);
});

test('HEAD is refused, with no body', async (t) => {
  const text = await exchange(await serveControl(t), head('HEAD /v1/status HTTP/1.1'));
  t.regex(text, /^HTTP\/1\.1 405 [^]*\r\n\r\n$/);
});
