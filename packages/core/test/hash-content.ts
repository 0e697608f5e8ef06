import { execFileSync, spawnSync } from 'node:child_process';
import test from 'ava';
import * as fc from 'fast-check';
import {
  blockCount,
  BLOCK_BYTES,
  ContentHasher,
  deriveKey,
  describeContent,
  DIGEST_BYTES,
  hash,
  hashContent,
  KIB,
  keyedHash,
  MIB,
  segmentBytes,
  segmentCount,
} from '../src/index.ts';
import type { HashedContent } from '../src/index.ts';
import { inPieces, patternBytes, seededBytes } from './helpers/content.ts';
import { holds } from './helpers/property.ts';

const SIZES = [
  0,
  1,
  1024,
  1025,
  65_535,
  65_536,
  65_537,
  32 * MIB - 1,
  32 * MIB,
  32 * MIB + 1,
] as const;
const SEED = 20_260_101;
const secret = { serverSecret: patternBytes(32), etag: '"tag"' };
const testB3sum = spawnSync('b3sum', ['--version']).status === 0 ? test : test.skip;

const hashesAs = test.macro<[sizeBytes: number]>({
  exec(t, sizeBytes) {
    t.log(`seed ${SEED}`);
    const bytes = seededBytes(SEED, sizeBytes);
    const expected = plainly(bytes);
    t.deepEqual(hashed([bytes]), expected);
    t.deepEqual(hashed(inPieces(bytes, SEED, 3 * BLOCK_BYTES)), expected);
  },
  title: (_, sizeBytes) => `${sizeBytes} bytes give every block hash, whole or in pieces`,
});
for (const sizeBytes of SIZES) test(hashesAs, sizeBytes);

test('pieces of any size give what hashing at once gives', (t) => {
  const property = fc.property(
    fc.nat(4 * BLOCK_BYTES),
    fc.nat(),
    fc.integer({ min: 1, max: 2 * BLOCK_BYTES }),
    (sizeBytes, seed, mostBytes) => {
      const bytes = seededBytes(seed, sizeBytes);
      t.deepEqual(hashed(inPieces(bytes, seed, mostBytes)), hashed([bytes]));
    },
  );
  holds(t, property);
});

test('an async iterable is hashed to its end', async (t) => {
  const bytes = seededBytes(SEED, 200 * KIB);
  async function* read() {
    yield* inPieces(bytes, SEED, 70 * KIB);
  }
  t.deepEqual(await hashContent(read()), plainly(bytes));
});

test('the piece that was given may be written over afterwards', (t) => {
  const bytes = seededBytes(SEED, 3 * BLOCK_BYTES + 7);
  const hasher = new ContentHasher();
  for (const piece of inPieces(bytes, SEED, BLOCK_BYTES)) {
    const reused = Uint8Array.from(piece);
    hasher.update(reused);
    reused.fill(0);
  }
  t.deepEqual(hasher.finish(), plainly(bytes));
});

test('the digest of the whole may be taken by another stream', (t) => {
  const bytes = seededBytes(SEED, 2 * BLOCK_BYTES);
  const digest = hash(patternBytes(3));
  const seen: Uint8Array[] = [];
  const hasher = new ContentHasher({
    update: (piece) => void seen.push(Uint8Array.from(piece)),
    digest: () => digest,
  });
  for (const piece of inPieces(bytes, SEED, BLOCK_BYTES)) hasher.update(piece);
  t.deepEqual(hasher.finish(), { ...plainly(bytes), digest });
  t.deepEqual(Buffer.concat(seen), bytes);
});

testB3sum('the digest of a content is what b3sum prints (needs b3sum)', (t) => {
  for (const sizeBytes of SIZES) {
    const input = seededBytes(SEED, sizeBytes);
    const digest = Buffer.from(hashed([input]).digest).toString('hex');
    t.is(execFileSync('b3sum', ['--no-names'], { input }).toString().trim(), digest);
  }
});

test('content information has an entry for each segment, made from its block hashes', (t) => {
  const content = hashed([seededBytes(SEED, 32 * MIB + 1)]);
  const { segments, ...others } = describeContent(content, { ...secret, isPublic: true });
  t.deepEqual(others, {
    sizeBytes: 32 * MIB + 1,
    digest: content.digest,
    etag: '"tag"',
    serveForSeconds: 28 * 24 * 60 * 60,
    isPublic: true,
    inline: undefined,
  });
  const expected = content.blockHashLists.map((list, index) => {
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(segmentBytes(content.sizeBytes, index)));
    const segmentHash = deriveKey('peer-cache v1 segment hash', Buffer.concat([length, list]));
    return { segmentHash, segmentSecret: keyedHash(secret.serverSecret, segmentHash) };
  });
  t.is(expected.length, 2);
  t.deepEqual(segments, expected);
});

test('the content information of a small content holds it and has no segment', (t) => {
  const bytes = seededBytes(SEED, 1024);
  const information = describeContent(hashed([bytes]), { ...secret, serveForSeconds: 60 });
  const inline = Uint8Array.from(bytes);
  t.like(information, { sizeBytes: 1024, segments: [], inline, serveForSeconds: 60 });
  t.false(information.isPublic);
});

test('block hash lists that are not those of the size are refused', (t) => {
  const content = hashed([seededBytes(SEED, 2000)]);
  t.throws(() => describeContent({ ...content, blockHashLists: [] }, secret), {
    instanceOf: RangeError,
  });
});

function hashed(pieces: Iterable<Uint8Array>): HashedContent {
  const hasher = new ContentHasher();
  for (const piece of pieces) hasher.update(piece);
  return hasher.finish();
}

/** The same by the definition: each block hashed on its own, and the whole at once. */
function plainly(bytes: Uint8Array): HashedContent {
  const sizeBytes = bytes.length;
  const blockHashLists = Array.from({ length: segmentCount(sizeBytes) }, (_, segment) => {
    const blocks = blockCount(segmentBytes(sizeBytes, segment));
    const list = new Uint8Array(blocks * DIGEST_BYTES);
    for (let block = 0; block < blocks; block++) {
      const start = segment * 32 * MIB + block * BLOCK_BYTES;
      list.set(hash(bytes.subarray(start, start + BLOCK_BYTES)), block * DIGEST_BYTES);
    }
    return list;
  });
  const inline = sizeBytes <= 1024 ? Uint8Array.from(bytes) : undefined;
  return { sizeBytes, digest: hash(bytes), blockHashLists, inline };
}
