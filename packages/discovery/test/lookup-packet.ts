import test from 'ava';
import * as fc from 'fast-check';
import type { OutgoingPacket } from '../src/dns-records.ts';
import {
  decodeLookupAnswer,
  decodeLookupQuery,
  encodeLookupAnswer,
  encodeLookupQuery,
  lookupAnswerBytes,
  MOST_LOOKUPS_PER_PACKET,
} from '../src/lookup-packet.ts';
import type { LookupAnswer, LookupQuery } from '../src/lookup-packet.ts';
import { PacketReader } from '../src/mdns-sockets.ts';
import { arrived } from './helpers/packets.ts';
import { seeded } from './helpers/seed.ts';
import { Wire } from './helpers/wire.ts';

const bytes = (length: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((array) => Buffer.from(array));

const someQuery: fc.Arbitrary<LookupQuery> = fc.record({
  id: fc.nat(0xffff),
  round: fc.nat(2),
  nonce: bytes(8),
  entries: fc.array(fc.record({ segmentId: bytes(16), proof: bytes(8) }), {
    minLength: 1,
    maxLength: MOST_LOOKUPS_PER_PACKET,
  }),
});

const someAnswer: fc.Arbitrary<{ answer: LookupAnswer; entryCount: number }> = fc
  .integer({ min: 1, max: MOST_LOOKUPS_PER_PACKET })
  .chain((entryCount) =>
    fc.record({
      entryCount: fc.constant(entryCount),
      answer: fc.record({
        id: fc.nat(0xffff),
        nonce: bytes(8),
        port: fc.integer({ min: 1024, max: 65_535 }),
        held: fc
          .uniqueArray(fc.nat(entryCount - 1), { minLength: 1 })
          .map((places) => places.toSorted((a, b) => a - b)),
      }),
    }),
  );

test('a query arrives as it was sent, in no more than 1232 bytes', async (t) => {
  await using wire = await Wire.open();
  using reader = new PacketReader();
  const property = fc.asyncProperty(someQuery, async (query) => {
    const datagram = await wire.bytesOf('query', encodeLookupQuery(query));
    t.true(datagram.length <= 1232);
    const packet = reader.read(datagram);
    t.deepEqual(packet && decodeLookupQuery(packet), query);
  });
  await fc.assert(property, seeded(t, 100));
});

test('an answer arrives as it was sent, shorter than the query', async (t) => {
  await using wire = await Wire.open();
  using reader = new PacketReader();
  const property = fc.asyncProperty(someAnswer, async ({ answer, entryCount }) => {
    const datagram = await wire.bytesOf('response', encodeLookupAnswer(answer, entryCount));
    t.is(datagram.length, lookupAnswerBytes(entryCount));
    const packet = reader.read(datagram);
    t.deepEqual(packet && decodeLookupAnswer(packet), answer);
  });
  await fc.assert(property, seeded(t, 100));
  const entry = { segmentId: Buffer.alloc(16), proof: Buffer.alloc(8) };
  for (let count = 1; count <= MOST_LOOKUPS_PER_PACKET; count++) {
    const entries = Array.from({ length: count }, () => entry);
    const query = encodeLookupQuery({ id: 1, round: 0, nonce: Buffer.alloc(8), entries });
    const sent = await wire.bytesOf('query', query);
    t.true(lookupAnswerBytes(count) < sent.length);
  }
});

test('a full query is the documented bytes', async (t) => {
  await using wire = await Wire.open();
  const entries = [{ segmentId: Buffer.alloc(16, 0xaa), proof: Buffer.alloc(8, 0xbb) }];
  const query = { id: 0x0102, round: 1, nonce: Buffer.alloc(8, 0xcc), entries };
  const name = '055f66696e640b5f706565722d6361636865045f746370056c6f63616c00';
  t.is(
    (await wire.bytesOf('query', encodeLookupQuery(query))).toString('hex'),
    `0102 0000 0001 0000 0000 0001 ${name} 0010 0001
     ${name} 0010 0001 00000000 0023 22 01 01 ${'cc'.repeat(8)} ${'aa'.repeat(16)} ${'bb'.repeat(8)}
    `.replaceAll(/\s/g, ''),
  );
  const answer = { id: 0x0102, nonce: query.nonce, port: 7001, held: [0] };
  t.is(
    (await wire.bytesOf('response', encodeLookupAnswer(answer, 1))).toString('hex'),
    `0102 8400 0001 0001 0000 0000 ${name} 0010 0001
     ${name} 0010 0001 00000000 000d 0c 01 ${'cc'.repeat(8)} 1b59 01`.replaceAll(/\s/g, ''),
  );
});

test('any bytes are a packet or none, and never an error', (t) => {
  using reader = new PacketReader();
  const service = Buffer.from('\x05_find\x0b_peer-cache\x04_tcp\x05local\0');
  const parts = fc.array(fc.oneof(fc.uint8Array(), fc.constant(service)), { maxLength: 8 });
  const property = fc.property(parts, (some) => {
    const packet = reader.read(Buffer.concat([...some, service]));
    if (packet === undefined) return;
    decodeLookupQuery(packet);
    decodeLookupAnswer(packet);
  });
  fc.assert(property, seeded(t, 2000));
  t.pass();
});

test('a query or answer with a byte changed or cut off is read within bounds, or not at all', async (t) => {
  await using wire = await Wire.open();
  using reader = new PacketReader();
  const [query] = fc.sample(someQuery, 1);
  const [sample] = fc.sample(someAnswer, 1);
  t.truthy(query && sample);
  if (query === undefined || sample === undefined) return;
  const datagrams = [
    await wire.bytesOf('query', encodeLookupQuery(query)),
    await wire.bytesOf('response', encodeLookupAnswer(sample.answer, sample.entryCount)),
  ];
  for (const datagram of datagrams) {
    for (let at = 0; at < datagram.length; at++) {
      const changed = Buffer.from(datagram);
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
      for (const bad of [changed, datagram.subarray(0, at)]) {
        const packet = reader.read(bad);
        const found = packet && decodeLookupQuery(packet);
        t.true((found?.entries.length ?? 0) <= MOST_LOOKUPS_PER_PACKET);
        const answer = packet && decodeLookupAnswer(packet);
        t.true((answer?.held.length ?? 0) <= 48);
        t.true((answer?.port ?? 1024) >= 1024);
      }
    }
  }
});

test('what is no lookup is not read as one', (t) => {
  const entries = [{ segmentId: Buffer.alloc(16), proof: Buffer.alloc(8) }];
  const query = encodeLookupQuery({ id: 1, round: 0, nonce: Buffer.alloc(8), entries });
  const withText = (text: Buffer): OutgoingPacket => {
    const [name = ''] = (query.questions ?? []).map((question) => question.name);
    return { ...query, additionals: [{ name, type: 'TXT', ttl: 0, data: [text] }] };
  };
  t.true(isLookup(query));
  t.is(decodeLookupQuery(arrived('response', query)), undefined);
  t.false(isLookup({ ...query, questions: [] }));
  t.false(isLookup({ ...query, additionals: [] }));
  t.false(isLookup({ ...query, questions: [{ name: 'printer.local', type: 'TXT' }] }));
  t.false(isLookup(withText(Buffer.alloc(0))));
  t.false(
    isLookup(withText(Buffer.concat([Buffer.of(2, 0), Buffer.alloc(32)]))),
    'another version',
  );
  t.false(isLookup(withText(Buffer.concat([Buffer.of(1, 3), Buffer.alloc(32)]))), 'a fourth round');
  t.false(isLookup(withText(Buffer.concat([Buffer.of(1, 0), Buffer.alloc(8)]))), 'no entry');
  t.false(isLookup(withText(Buffer.concat([Buffer.of(1, 0), Buffer.alloc(33)]))), 'half an entry');
  t.false(
    isLookup(withText(Buffer.concat([Buffer.of(1, 0), Buffer.alloc(8 + 48 * 24)]))),
    'too many',
  );
});

test('an answer with a port below 1024 is not believed', (t) => {
  const answer = { id: 1, nonce: Buffer.alloc(8), port: 631, held: [0] };
  t.is(decodeLookupAnswer(arrived('response', encodeLookupAnswer(answer, 1))), undefined);
});

test('a chain of name pointers takes no time to refuse', (t) => {
  using reader = new PacketReader();
  const header = Buffer.from('000000000080000000000000', 'hex');
  const label = Buffer.from('\x0b_peer-cache\0');
  const pointers = Array.from({ length: 300 }, (_, index) => {
    const target = index === 0 ? 12 : 12 + label.length + 2 * (index - 1);
    return Buffer.from([0xc0 | (target >> 8), target & 0xff]);
  });
  const questions = Buffer.concat(
    Array.from({ length: 120 }, () => Buffer.from([0xc2, 0x70, 0, 1, 0, 1])),
  );
  const packet = Buffer.concat([header, label, ...pointers, questions]);
  const startMs = performance.now();
  for (let time = 0; time < 100; time++) reader.read(packet);
  t.true(performance.now() - startMs < 1000);
});

function isLookup(packet: OutgoingPacket): boolean {
  return decodeLookupQuery(arrived('query', packet)) !== undefined;
}
