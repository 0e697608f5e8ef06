import test from 'ava';
import * as fc from 'fast-check';
import type { DnsRecord } from '../src/dns-records.ts';
import { PacketReader } from '../src/mdns-sockets.ts';
import {
  answerTo,
  browseQuery,
  goodbyeRecords,
  heardPresences,
  isConflicting,
  isSameBrowse,
  presenceRecords,
  probeFor,
} from '../src/presence-records.ts';
import type { Presence } from '../src/presence-records.ts';
import { arrived } from './helpers/packets.ts';
import { seeded } from './helpers/seed.ts';
import { Wire } from './helpers/wire.ts';

const PRESENCE: Presence = {
  label: 'peer-cache-0a1b2c',
  port: 7001,
  addresses: ['10.0.0.1', 'fe80::1'],
};
const INSTANCE = 'peer-cache-0a1b2c._peer-cache._tcp.local';
const HOST = 'peer-cache-0a1b2c.local';
const SERVICE = '_peer-cache._tcp.local';

const OTHER: Presence = { ...PRESENCE, port: 7002, addresses: ['10.0.0.2'] };

interface AnswerCase {
  readonly asks: readonly [name: string, type: string][];
  readonly known?: readonly DnsRecord[];
  readonly answers: readonly string[];
  readonly additionals?: readonly string[];
}

const answered = test.macro((t, { asks, known = [], answers, additionals = [] }: AnswerCase) => {
  const questions = asks.map(([name, type]) => ({ name, type, class: 'IN' }));
  const answer = answerTo(arrived('query', { questions, answers: known }), PRESENCE);
  t.deepEqual(answer.answers.map(typeAndName), answers);
  t.deepEqual(answer.additionals.map(typeAndName), additionals);
});

test('who asks for the service gets the instance, and all about it besides', answered, {
  asks: [[SERVICE, 'PTR']],
  answers: [`PTR ${SERVICE}`],
  additionals: [`SRV ${INSTANCE}`, `TXT ${INSTANCE}`, `A ${HOST}`, `AAAA ${HOST}`],
});
test('who asks which services there are gets ours', answered, {
  asks: [['_services._dns-sd._udp.local', 'PTR']],
  answers: ['PTR _services._dns-sd._udp.local'],
});
test('who asks where the instance is gets its addresses besides', answered, {
  asks: [[INSTANCE, 'SRV']],
  answers: [`SRV ${INSTANCE}`],
  additionals: [`A ${HOST}`, `AAAA ${HOST}`],
});
test('names are found in any case', answered, {
  asks: [[HOST.toUpperCase(), 'A']],
  answers: [`A ${HOST}`],
});
test('who asks for everything about a name gets everything', answered, {
  asks: [
    [INSTANCE, 'ANY'],
    [HOST, 'ANY'],
  ],
  answers: [`SRV ${INSTANCE}`, `TXT ${INSTANCE}`, `A ${HOST}`, `AAAA ${HOST}`],
});
test('a record of ours that does not exist is denied', answered, {
  asks: [[HOST, 'TXT']],
  answers: [`NSEC ${HOST}`],
});
test('names of others are none of our business', answered, {
  asks: [
    ['printer.local', 'A'],
    ['_ipp._tcp.local', 'PTR'],
    ['other._peer-cache._tcp.local', 'SRV'],
  ],
  answers: [],
});
test('what the asker knows is left out', answered, {
  asks: [[SERVICE, 'PTR']],
  known: [{ name: SERVICE, type: 'PTR', ttl: 2250, data: INSTANCE }],
  answers: [],
});
test('what the asker will soon forget is told again', answered, {
  asks: [[SERVICE, 'PTR']],
  known: [{ name: SERVICE, type: 'PTR', ttl: 2249, data: INSTANCE }],
  answers: [`PTR ${SERVICE}`],
  additionals: [`SRV ${INSTANCE}`, `TXT ${INSTANCE}`, `A ${HOST}`, `AAAA ${HOST}`],
});

test('another class than IN is not answered; the wish for unicast is no class', (t) => {
  t.is(answersInClass('CH'), 0);
  t.is(answersInClass('UNKNOWN_32769'), 1);
  t.is(answersInClass('ANY'), 1);
});

test('an announcement and a goodbye tell others where the agent is and that it is gone', (t) => {
  const announcement = arrived('response', { answers: presenceRecords(PRESENCE) });
  t.deepEqual(heardPresences(announcement), [
    { label: PRESENCE.label, port: 7001, ttlSeconds: 120 },
  ]);
  const goodbye = arrived('response', { answers: goodbyeRecords(PRESENCE) });
  t.true(heardPresences(goodbye).length > 0);
  t.true(heardPresences(goodbye).every(({ ttlSeconds }) => ttlSeconds === 0));
  const hostile = arrived('response', { answers: presenceRecords({ ...PRESENCE, port: 631 }) });
  t.deepEqual(heardPresences(hostile), [], 'a port below 1024 is not believed');
});

test('our own records are no conflict, those of another with our name are', (t) => {
  const own = presenceRecords(PRESENCE);
  t.false(isConflicting(own, PRESENCE.label, own));
  t.false(isConflicting(goodbyeRecords(PRESENCE), PRESENCE.label, own));
  t.true(isConflicting(presenceRecords(OTHER), PRESENCE.label, own));
  t.false(isConflicting(presenceRecords({ ...OTHER, label: 'other' }), PRESENCE.label, own));
  const probe = arrived('query', probeFor(OTHER));
  t.true(isConflicting(probe.authorities, PRESENCE.label, own));
});

test('a question for agents by another who knows no more than we do serves us too', (t) => {
  t.true(isServedBy([], []));
  t.true(isServedBy(['a'], ['a', 'b']));
  t.false(isServedBy(['a', 'c'], ['a', 'b']), 'c would not answer, and we know nothing of it');
  t.false(isSameBrowse(arrived('query', probeFor(PRESENCE)), []));
});

test('records arrive as they were sent', async (t) => {
  await using wire = await Wire.open();
  using reader = new PacketReader();
  const answers = presenceRecords(PRESENCE);
  const packet = reader.read(await wire.bytesOf('response', { answers }));
  t.deepEqual(
    packet?.answers,
    answers.map((record) => ({
      ...record,
      flush: record.flush ?? false,
      data: record.type === 'SRV' ? { port: 7001, target: HOST } : record.data,
    })),
  );
  t.true((await wire.bytesOf('query', probeFor(PRESENCE))).length < 512);
  const known = Array.from({ length: 12 }, (_, index) => `peer-cache-00112233445${index}`);
  t.true((await wire.bytesOf('query', browseQuery(known))).length < 1232);
});

test('any packet about us is answered within bounds', async (t) => {
  await using wire = await Wire.open();
  using reader = new PacketReader();
  const datagrams = [
    await wire.bytesOf('query', probeFor(PRESENCE)),
    await wire.bytesOf('response', { answers: presenceRecords(OTHER) }),
  ];
  const mutated = fc.tuple(
    fc.constantFrom(...datagrams),
    fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 6 }),
    fc.nat(400),
  );
  const property = fc.property(mutated, ([datagram, changes, length]) => {
    const bytes = Buffer.from(datagram);
    for (const [at, value] of changes) bytes[at % bytes.length] = value;
    const packet = reader.read(bytes.subarray(0, length));
    if (packet === undefined) return;
    const { answers, additionals } = answerTo(packet, PRESENCE);
    t.true(answers.length + additionals.length <= 24);
    heardPresences(packet);
    isConflicting([...packet.answers, ...packet.authorities], PRESENCE.label, []);
    isSameBrowse(packet, ['a']);
  });
  fc.assert(property, seeded(t, 2000));
});

function typeAndName({ type, name }: DnsRecord): string {
  return `${type} ${name}`;
}

function answersInClass(asked: string): number {
  const questions = [{ name: SERVICE, type: 'PTR', class: asked }];
  return answerTo(arrived('query', { questions }), PRESENCE).answers.length;
}

function isServedBy(asked: string[], known: string[]): boolean {
  return isSameBrowse(arrived('query', browseQuery(asked)), known);
}
