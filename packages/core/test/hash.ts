import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import * as fc from 'fast-check';
import { loadNativeBlake3, loadWasmBlake3 } from '../src/hash.ts';
import type { Blake3 } from '../src/hash.ts';
import { digestsEqual } from '../src/index.ts';
// Lengths, input, key and context are those of the official test vectors; the digests are what
// both back ends and Debian's b3sum gave.
import vectors from './fixtures/blake3-vectors.json' with { type: 'json' };
import { flipped, patternBytes } from './helpers/content.ts';
import { holds } from './helpers/property.ts';

const KEY = Buffer.from('whats the Elvish word for friend');
const CONTEXT = 'BLAKE3 2019-12-27 16:29:52 test vectors context';

const native = loadNativeBlake3();
const wasm = loadWasmBlake3();
const testNative = native ? test : test.skip;
const hasB3sum = spawnSync('b3sum', ['--version']).status === 0;
const testB3sum = hasB3sum ? test : test.skip;

const givesVectors = test.macro<[blake3: Blake3 | undefined]>((t, blake3) => {
  for (const { bytes, hash, keyed, derived } of vectors) {
    const input = patternBytes(bytes);
    t.is(hex(blake3?.hash(input)), hash);
    t.is(hex(blake3?.keyedHash(KEY, input)), keyed);
    t.is(hex(blake3?.deriveKey(CONTEXT, input)), derived);
  }
});

const streams = test.macro<[blake3: Blake3 | undefined]>((t, blake3) => {
  for (const { bytes, hash } of vectors) {
    const stream = blake3?.createStream();
    const input = patternBytes(bytes);
    for (let at = 0; at < bytes; at += 1000) stream?.update(input.subarray(at, at + 1000));
    t.is(hex(stream?.digest()), hash);
  }
});

testNative('the native back end gives the digests of the test vectors', givesVectors, native);
test('the WebAssembly back end gives the digests of the test vectors', givesVectors, wasm);
testNative('the native back end gives the same digest for a stream', streams, native);
test('the WebAssembly back end gives the same digest for a stream', streams, wasm);

testNative('both back ends agree on any input, wherever it lies in its buffer', (t) => {
  const property = fc.property(
    fc.uint8Array({ maxLength: 9000 }),
    fc.uint8Array({ minLength: 32, maxLength: 32 }),
    fc.nat(100),
    (input, key, start) => {
      const bytes = input.subarray(start);
      return (
        hex(native?.hash(bytes)) === hex(wasm.hash(bytes)) &&
        hex(native?.keyedHash(key, bytes)) === hex(wasm.keyedHash(key, bytes)) &&
        hex(native?.deriveKey('any context', bytes)) === hex(wasm.deriveKey('any context', bytes))
      );
    },
  );
  holds(t, property);
});

testB3sum('b3sum gives the digests of the test vectors in all three modes (needs b3sum)', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'peer-cache-hash-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'input');
  for (const { bytes, hash, keyed, derived } of vectors) {
    writeFileSync(file, patternBytes(bytes));
    t.is(b3sum([file]), hash);
    t.is(b3sum(['--keyed', file], KEY), keyed);
    t.is(b3sum(['--derive-key', CONTEXT, file]), derived);
  }
});

test('digests are equal when every byte is', (t) => {
  const digest = wasm.hash(patternBytes(10));
  t.true(digestsEqual(digest, Uint8Array.from(digest)));
  for (let bit = 0; bit < 256; bit++) {
    t.false(digestsEqual(digest, flipped(digest, bit)));
  }
  t.false(digestsEqual(digest, digest.subarray(1)));
  t.false(digestsEqual(digest, new Uint8Array()));
});

function b3sum(args: readonly string[], input?: Uint8Array): string {
  return execFileSync('b3sum', ['--no-names', ...args], { input })
    .toString()
    .trim();
}

function hex(bytes: Uint8Array | undefined): string | undefined {
  return bytes && Buffer.from(bytes).toString('hex');
}
