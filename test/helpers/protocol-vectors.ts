import {
  ContentHasher,
  deriveKey,
  describeContent,
  encodeRoot,
  hash,
  lookupProofOf,
  proofOf,
  publicServerSecret,
  sealBlock,
  sealBlockHashList,
  segmentKeysOf,
  serverSecretFrom,
  verifyBlock,
} from '@peer-cache/core';
import type { SegmentEntry } from '@peer-cache/core';
import { placeOfPeer, placeOfRun } from '@peer-cache/ownership';
import {
  answerHello,
  encodeBlocksRequest,
  encodeFrameHeader,
  encodeHelloRequest,
  encodeHelloResponse,
  encodeStateRequest,
  encodeStateResponse,
  encodeWanNotice,
  PeerIdentity,
} from '@peer-cache/protocol';

const CONTENT = counting(0, 100_000, 251);
const CLIENT_NONCE = counting(0x10, 16);
const SERVER_NONCE = counting(0x20, 16);
const LOOKUP_NONCE = counting(0x30, 8);

/** What the code gives for each vector that docs/protocol.md lists, by its name there. */
export function computedVectors(): Record<string, string> {
  const vectors = { ...contentVectors(), ...messageVectors() };
  return Object.fromEntries(
    Object.entries(vectors).map(([name, bytes]) => [name, Buffer.from(bytes).toString('hex')]),
  );
}

function contentVectors(): Record<string, Uint8Array> {
  const { information, entry, blockHashList } = described();
  const keys = segmentKeysOf(entry);
  const block = verifyBlock(1, CONTENT.subarray(65_536), blockHashList.subarray(32));
  const sealed = sealBlock(keys, block);
  const segment = { ...entry, sizeBytes: CONTENT.length };
  return {
    'content digest': information.digest,
    'server secret Ks': serverSecretFrom(counting(0, 32)),
    'public server secret': publicServerSecret(),
    'block hash list': blockHashList,
    'segment hash': entry.segmentHash,
    'segment secret': entry.segmentSecret,
    'segment root': deriveKey(
      'peer-cache v1 segment root',
      Buffer.concat([entry.segmentSecret, entry.segmentHash]),
    ),
    'segment ID': keys.segmentId,
    'sealing key': keys.sealingKey,
    'proof key': keys.proofKey,
    'root with header': encodeRoot(information),
    'BLAKE3 of sealed block 1': hash(sealed),
    'tag of sealed block 1': sealed.subarray(-16),
    'sealed block hash list': sealBlockHashList(keys, segment, blockHashList),
  };
}

function messageVectors(): Record<string, Uint8Array> {
  const { information, entry } = described();
  const { segmentId, proofKey } = segmentKeysOf(entry);
  const contentId = Buffer.from(information.digest).toString('hex');
  const identity = new PeerIdentity(counting(0x40, 32));
  const hello = { versions: [1], clientNonce: CLIENT_NONCE, port: 7373 };
  const dialled = { serverNonce: SERVER_NONCE, host: '192.0.2.1:7373' };
  const nonces = { clientNonce: CLIENT_NONCE, serverNonce: SERVER_NONCE };
  const proof = proofOf(proofKey, 'client', nonces, segmentId);
  const serverProof = proofOf(proofKey, 'server', nonces, segmentId);
  const state = { index: 0, proof: serverProof, version: 3, hasBlockHashList: true };
  const part = {
    standing: 'foreground' as const,
    claims: [{ runIndex: 0, kind: 'own' as const, receivedBytes: 65_536 }],
    peers: [{ peerId: '5'.repeat(32), host: '192.0.2.9', port: 7690 }],
  };
  const wanted = { wantsBlockHashList: true, wasDamaged: false };
  const frameHeader = Buffer.alloc(12);
  encodeFrameHeader({ index: 0, firstBlock: 1, sizeBytes: 34_480 }, frameHeader);
  return {
    'proof of the client': proof,
    'proof of the server': serverProof,
    'lookup proof': lookupProofOf(proofKey, LOOKUP_NONCE, '192.0.2.7', 50_000, segmentId),
    'public key': identity.publicKey,
    'peer ID': Buffer.from(identity.peerId, 'hex'),
    'hello request': encodeHelloRequest(hello),
    'hello answer': encodeHelloResponse(answerHello(hello, identity, dialled)),
    'state request': encodeStateRequest({
      waitMs: 1000,
      segments: [{ segmentId, proof, knownVersion: 2 }],
    }),
    'state answer': encodeStateResponse({
      segments: [{ ...state, ...part, blocks: Uint8Array.of(3) }],
    }),
    'blocks request': encodeBlocksRequest({
      waitMs: 0,
      segments: [{ segmentId, proof, runs: [{ firstBlock: 0, count: 2 }], ...wanted }],
    }),
    'frame header': frameHeader,
    'place of the peer': u32(placeOfPeer(identity.peerId, contentId)),
    'place of run 0': u32(placeOfRun(segmentId, 0)),
    'wan notice': encodeWanNotice({
      peerId: identity.peerId,
      use: 'fetching',
      turns: 7,
      isFilling: true,
      bytesPerSecond: 12_500_000,
    }),
  };
}

function described() {
  const hasher = new ContentHasher();
  hasher.update(CONTENT);
  const content = hasher.finish();
  const serverSecret = serverSecretFrom(counting(0, 32));
  const information = describeContent(content, { serverSecret, etag: '"v1"' });
  const [blockHashList = new Uint8Array()] = content.blockHashLists;
  return { information, entry: onlySegment(information.segments), blockHashList };
}

function onlySegment([entry]: readonly SegmentEntry[]): SegmentEntry {
  if (entry === undefined) throw new RangeError('a content without segments');
  return entry;
}

function u32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** `first`, `first` + 1 and so on, starting again at 0 after `modulus`. */
function counting(first: number, length: number, modulus = 256): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (first + index) % modulus);
}
