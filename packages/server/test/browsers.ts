import { HELLO_PATH } from '@peer-cache/protocol';
import test from 'ava';
import { refusalOf } from '../src/demands.ts';
import { serve } from './helpers/serve.ts';

const manyHeaders = Object.fromEntries(
  Array.from({ length: 2400 }, (_, index) => [index.toString(36), '']),
);
const local = { host: '192.168.1.7', port: 7777 };
const asked = { host: '192.168.1.7:7777', 'peer-cache-version': '1' };

test('a request as peers make it is not refused', (t) => {
  t.is(refusalOf({ method: 'POST', headers: asked }, local), undefined);
});

const refused = test.macro<[Record<string, string>, string?]>((t, headers, method = 'POST') => {
  t.is(typeof refusalOf({ method, headers: { ...asked, ...headers } }, local), 'string');
});

test('Origin is refused', refused, { origin: 'null' });
test('Cookie is refused', refused, { cookie: 'a=b' });
test('Referer is refused', refused, { referer: 'http://192.168.1.7:7777/' });
test('Sec-Fetch-Site is refused', refused, { 'sec-fetch-site': 'same-origin' });
test('Sec-Fetch-Storage-Access is refused', refused, { 'sec-fetch-storage-access': 'none' });
test('a body without a length is refused', refused, { 'transfer-encoding': 'chunked' });
test('another version is refused', refused, { 'peer-cache-version': '2' });
test('GET is refused', refused, {}, 'GET');
test('OPTIONS is refused', refused, {}, 'OPTIONS');
test('a Host that is a name is refused', refused, { host: 'evil.example:7777' });
test('localhost is refused', refused, { host: 'localhost:7777' });
test('a Host of another address is refused', refused, { host: '192.168.1.8:7777' });
test('a Host of another port is refused', refused, { host: '192.168.1.7:7778' });
test('a Host without a port is refused', refused, { host: '192.168.1.7' });
test('an empty Host is refused', refused, { host: '' });

test('over a socket, what a browser sends gets a bare 403 and the connection is closed', async (t) => {
  const { connect } = await serve(t);
  const requests = [
    { headers: { origin: 'http://evil.example' } },
    { headers: { 'sec-fetch-mode': 'no-cors' } },
    { headers: { host: 'evil.example' } },
    { headers: { 'peer-cache-version': undefined } },
    { method: 'OPTIONS', headers: { origin: 'x', 'access-control-request-method': 'POST' } },
    { method: 'GET' },
    { headers: { expect: '100-continue' } },
    { headers: { expect: 'wonders' } },
    { headers: { ...manyHeaders, origin: 'x' } },
  ];
  for (const request of requests) {
    const peer = await connect();
    const { status, headers, body } = await peer.request({ path: HELLO_PATH, ...request });
    t.deepEqual([status, body.length], [403, 0]);
    t.deepEqual([...headers.keys()].toSorted(), ['connection', 'content-length', 'date']);
    await peer.closed();
  }
});

test('a body of another type is refused, and so is an unknown path', async (t) => {
  const { connect, peer } = await serve(t);
  const stranger = await connect();
  const body = Buffer.from('{}');
  for (const type of ['text/plain', 'application/json', undefined]) {
    const caller = await connect();
    const headers = { 'content-type': type };
    const answer = await caller.request({ path: HELLO_PATH, headers, body });
    t.deepEqual([answer.status, answer.body.length], [415, 0]);
  }
  t.is((await stranger.request({ path: '/peer-cache/1/offer' })).status, 428);
  const garbled = await connect();
  const told = await garbled.request({ path: '/%zz' });
  t.deepEqual([told.status, told.body.length], [400, 0]);
  const answer = await (await peer()).request({ path: '/peer-cache/1/offer' });
  t.deepEqual([answer.status, answer.body.length], [404, 0]);
});
