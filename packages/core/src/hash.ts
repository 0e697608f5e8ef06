import { timingSafeEqual } from 'node:crypto';
import { createRequire } from 'node:module';
import type * as NativeBlake from '@napi-rs/blake-hash';
import type * as WasmBlake from 'blake3';

/** 32 bytes of BLAKE3. */
export type Digest = Uint8Array;

export const DIGEST_BYTES = 32;

/** Takes a content's bytes in order and gives the digest of them all. */
export interface DigestStream {
  update(bytes: Uint8Array): void;
  digest(): Digest;
}

/** What a BLAKE3 implementation must offer; both of ours give the same digests. */
export interface Blake3 {
  readonly name: 'native' | 'wasm';
  hash(bytes: Uint8Array): Digest;
  keyedHash(key: Uint8Array, bytes: Uint8Array): Digest;
  deriveKey(context: string, keyMaterial: Uint8Array): Digest;
  createStream(): DigestStream;
}

const require = createRequire(import.meta.url);

/** The back end in use: native code where it loads on this machine, WebAssembly elsewhere. */
export const blake3: Blake3 = loadBlake3();

/** The digest of `bytes`, as `b3sum` prints it. */
export function hash(bytes: Uint8Array): Digest {
  return blake3.hash(bytes);
}

/** A digest that only holders of the 32-byte `key` can compute. */
export function keyedHash(key: Uint8Array, bytes: Uint8Array): Digest {
  return blake3.keyedHash(key, bytes);
}

/** A 32-byte key from `keyMaterial`, separate for every `context` string (BLAKE3's derive-key mode). */
export function deriveKey(context: string, keyMaterial: Uint8Array): Digest {
  return blake3.deriveKey(context, keyMaterial);
}

/** Equality in time that does not depend on where two byte strings differ. */
export function digestsEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Loads the native back end, or undefined on a machine that it was not built for. */
export function loadNativeBlake3(): Blake3 | undefined {
  try {
    // Loaded by require: an import that fails could not be caught at the top of a module.
    const native: typeof NativeBlake = require('@napi-rs/blake-hash');
    return {
      name: 'native',
      hash: (bytes) => native.blake3(bytes),
      keyedHash(key, bytes) {
        return native.Blake3Hasher.newKeyed(Buffer.from(key)).update(bytes).digestBuffer();
      },
      deriveKey: (context, keyMaterial) => native.Blake3Hasher.deriveKey(context, keyMaterial),
      createStream() {
        const hasher = new native.Blake3Hasher();
        return {
          update: (bytes) => void hasher.update(bytes),
          digest: () => hasher.digestBuffer(),
        };
      },
    };
  } catch {
    // No prebuilt binary for this platform: WebAssembly runs everywhere.
    return undefined;
  }
}

/** Loads the WebAssembly back end: a fifth of the native speed, on any platform. */
export function loadWasmBlake3(): Blake3 {
  const wasm: typeof WasmBlake = require('blake3');
  return {
    name: 'wasm',
    hash: (bytes) => Buffer.from(wasm.hash(toBuffer(bytes))),
    keyedHash: (key, bytes) => Buffer.from(wasm.keyedHash(toBuffer(key), toBuffer(bytes))),
    deriveKey: (context, material) => Buffer.from(wasm.deriveKey(context, toBuffer(material))),
    createStream() {
      const hasher = wasm.createHash();
      return {
        update: (bytes) => void hasher.update(toBuffer(bytes)),
        digest: () => Buffer.from(hasher.digest()),
      };
    },
  };
}

function loadBlake3(): Blake3 {
  return loadNativeBlake3() ?? loadWasmBlake3();
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
