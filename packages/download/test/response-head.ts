import test from 'ava';
import { parseResponseHead } from '../src/peers/response-head.ts';

test('the head that our server writes is read', (t) => {
  const head = 'HTTP/1.1 200 OK\r\nContent-Type: application/cbor\r\ncontent-length: 12';
  t.deepEqual(parseResponseHead(head), { status: 200, contentBytes: 12, retryMs: undefined });
});

test('a busy answer says when to come back', (t) => {
  const head = 'HTTP/1.1 503 Service Unavailable\r\npeer-cache-retry-ms: 40\r\ncontent-length: 0';
  t.deepEqual(parseResponseHead(head), { status: 503, contentBytes: 0, retryMs: 40 });
});

const refused = {
  'no length': 'HTTP/1.1 200 OK\r\na: b',
  'two lengths': 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 1',
  'a transfer coding': 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked',
  'a negative length': 'HTTP/1.1 200 OK\r\ncontent-length: -1',
  'a length with a sign': 'HTTP/1.1 200 OK\r\ncontent-length: +1',
  'a hexadecimal length': 'HTTP/1.1 200 OK\r\ncontent-length: 0x10',
  'an absurd length': 'HTTP/1.1 200 OK\r\ncontent-length: 99999999999999',
  'HTTP/1.0': 'HTTP/1.0 200 OK\r\ncontent-length: 1',
  'an interim status': 'HTTP/1.1 100 Continue\r\ncontent-length: 0',
  'a redirect': 'HTTP/1.1 302 Found\r\ncontent-length: 0\r\nlocation: /x',
  'a folded line': 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\n b: c',
  'a space before the colon': 'HTTP/1.1 200 OK\r\ncontent-length : 1',
  'a bare line feed': 'HTTP/1.1 200 OK\ncontent-length: 1',
  'something else': 'SSH-2.0-OpenSSH_9.2',
  nothing: '',
};

for (const [name, head] of Object.entries(refused)) {
  test(`a head with ${name} is refused`, (t) => t.is(parseResponseHead(head), undefined));
}
