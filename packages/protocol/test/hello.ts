import { encodeCbor } from '@peer-cache/core';
import test from 'ava';
import * as fc from 'fast-check';
import { holds } from '../../core/test/helpers/property.ts';
import {
  answerHello,
  checkHelloResponse,
  decodeHelloRequest,
  decodeHelloResponse,
  encodeHelloRequest,
  encodeHelloResponse,
  PeerIdentity,
} from '../src/index.ts';
import { helloRequests, helloResponses } from './helpers/messages.ts';

const identity = new PeerIdentity(Uint8Array.from({ length: 32 }, (_, index) => index));
const clientNonce = Buffer.alloc(16, 0x11);
const serverNonce = Buffer.alloc(16, 0x22);
const host = '192.168.1.7:7777';
const request = { versions: [1], clientNonce, port: 7778 };

test('hello requests come back as they were', (t) => {
  const property = fc.property(helloRequests, (hello) => {
    t.deepEqual(decodeHelloRequest(encodeHelloRequest(hello)), hello);
  });
  holds(t, property);
});

test('hello answers come back as they were', (t) => {
  const property = fc.property(helloResponses, (hello) => {
    t.deepEqual(decodeHelloResponse(encodeHelloResponse(hello)), hello);
  });
  holds(t, property);
});

// The vectors of docs/protocol.md.
test('a hello request has the bytes that the protocol says', (t) => {
  t.is(
    hex(encodeHelloRequest(request)),
    'a364706f7274191e626876657273696f6e7381016b636c69656e744e6f6e6365' +
      '5011111111111111111111111111111111',
  );
});

test('the answer signs label, both nonces and the host that was dialled', (t) => {
  const answer = answerHello(request, identity, { serverNonce, host });
  const signed = Buffer.concat([
    Buffer.from('peer-cache v1 hello\0'),
    clientNonce,
    serverNonce,
    Buffer.from(host),
  ]);
  t.is(
    hex(signed),
    '706565722d63616368652076312068656c6c6f00' +
      '1111111111111111111111111111111122222222222222222222222222222222' +
      '3139322e3136382e312e373a37373737',
  );
  t.deepEqual(answer.signature, identity.sign(signed));
  t.is(
    hex(answer.signature),
    '6676fd327adf0d722088970a901d01e8fdc2c7e3ad77bc1aad15057dc9a3a782' +
      '677f76409a33b3c3616c47132a925bc344a9d0a10acdc4e230239a067d35c30d',
  );
  t.is(
    hex(encodeHelloResponse(answer)),
    'a46776657273696f6e01697075626c69634b65795820' +
      hex(identity.publicKey) +
      '697369676e61747572655840' +
      hex(answer.signature) +
      '6b7365727665724e6f6e63655022222222222222222222222222222222',
  );
});

test('an answer is good for its nonces, its host and its key alone', (t) => {
  const answer = answerHello(request, identity, { serverNonce, host });
  t.notThrows(() => checkHelloResponse(answer, clientNonce, host));
  const other = PeerIdentity.create();
  const spoiled = [
    { ...answer, version: 2 },
    { ...answer, serverNonce: clientNonce },
    { ...answer, publicKey: other.publicKey },
    { ...answer, publicKey: Buffer.alloc(32, 0xff) },
    { ...answer, signature: answer.signature.map((byte, at) => (at === 5 ? byte ^ 1 : byte)) },
  ];
  for (const response of spoiled) {
    t.throws(() => checkHelloResponse(response, clientNonce, host), { code: 'MALFORMED_MESSAGE' });
  }
  t.throws(() => checkHelloResponse(answer, serverNonce, host), { code: 'MALFORMED_MESSAGE' });
  t.throws(() => checkHelloResponse(answer, clientNonce, '192.168.1.8:7777'), {
    code: 'MALFORMED_MESSAGE',
  });
});

const isMalformed = test.macro<[fields: object]>((t, fields) => {
  const bytes = encodeCbor({ ...request, ...fields });
  t.throws(() => decodeHelloRequest(bytes), { code: 'MALFORMED_MESSAGE' });
});

test('a port that other services have is malformed', isMalformed, { port: 1023 });
test('a port that there is not is malformed', isMalformed, { port: 65_536 });
test('a port that is a text is malformed', isMalformed, { port: '7777' });
test('a nonce that is too short is malformed', isMalformed, { clientNonce: Buffer.alloc(15) });
test('a nonce that is too long is malformed', isMalformed, { clientNonce: Buffer.alloc(17) });
test('a nonce that is a text is malformed', isMalformed, { clientNonce: 'x'.repeat(16) });
test('versions that are no list are malformed', isMalformed, { versions: 1 });
test('a version 0 is malformed', isMalformed, { versions: [0] });
test('too many versions are malformed', isMalformed, { versions: Array(17).fill(1) });

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
