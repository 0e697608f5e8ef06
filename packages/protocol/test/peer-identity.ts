import { deriveKey } from '@peer-cache/core';
import test from 'ava';
import { isSignature, peerIdOf, PeerIdentity } from '../src/index.ts';

const message = Buffer.from('af82', 'hex');

test('keys and signatures are those of RFC 8032 §7.1, test 3', (t) => {
  const seed = 'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7';
  const identity = new PeerIdentity(Buffer.from(seed, 'hex'));
  const signature =
    '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac' +
    '18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a';
  t.is(
    Buffer.from(identity.publicKey).toString('hex'),
    'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
  );
  t.is(Buffer.from(identity.sign(message)).toString('hex'), signature);
  t.true(isSignature(identity.publicKey, message, Buffer.from(signature, 'hex')));
});

// The vector of docs/protocol.md.
test('a peer ID is 32 digits of a digest of the public key', (t) => {
  const identity = new PeerIdentity(Uint8Array.from({ length: 32 }, (_, index) => index));
  t.is(
    Buffer.from(identity.publicKey).toString('hex'),
    '03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8',
  );
  t.is(identity.peerId, 'ac6c9a62d3ad4e9ab32b47df2ac109b1');
  const digest = deriveKey('peer-cache v1 peer ID', identity.publicKey);
  t.is(identity.peerId, Buffer.from(digest).toString('hex').slice(0, 32));
});

test('every new identity is another', (t) => {
  const one = PeerIdentity.create();
  t.not(one.peerId, PeerIdentity.create().peerId);
  t.true(isSignature(one.publicKey, message, one.sign(message)));
});

test('a signature is nobody else’s and of nothing else', (t) => {
  const [one, other] = [PeerIdentity.create(), PeerIdentity.create()];
  const signature = one.sign(message);
  t.false(isSignature(other.publicKey, message, signature));
  t.false(isSignature(one.publicKey, Buffer.from('af83', 'hex'), signature));
  t.false(isSignature(one.publicKey, message, signature.subarray(1)));
  t.not(peerIdOf(one.publicKey), peerIdOf(other.publicKey));
});

test('a key that is none signs nothing', (t) => {
  const signature = Buffer.alloc(64);
  for (const key of [Buffer.alloc(32, 0xff), Buffer.alloc(31), Buffer.alloc(33), Buffer.alloc(0)]) {
    t.false(isSignature(key, message, signature));
  }
});

test('a seed of another length is refused', (t) => {
  for (const length of [0, 31, 33, 64]) {
    t.throws(() => new PeerIdentity(Buffer.alloc(length)), { instanceOf: RangeError });
  }
});
