import { setTimeout as wait } from 'node:timers/promises';
import test from 'ava';
import type { OutgoingPacket } from '../src/dns-records.ts';
import { KnownPeers } from '../src/known-peers.ts';
import { LinkPresence } from '../src/link-presence.ts';
import type { Source } from '../src/lookup-answers.ts';
import { PresenceAnswers } from '../src/presence-answers.ts';
import { presenceRecords, probeFor } from '../src/presence-records.ts';
import type { Presence } from '../src/presence-records.ts';
import { RateLimit } from '../src/rate-limit.ts';
import { arrived } from './helpers/packets.ts';
import { RecordingLink } from './helpers/recording-link.ts';
import { until } from './helpers/until.ts';

const PRESENCE: Presence = { label: 'peer-cache-0a1b2c', port: 7001, addresses: ['10.0.0.1'] };
const ASKER: Source = { address: '10.0.0.9', port: 5353 };
const BROWSE: OutgoingPacket = {
  id: 77,
  questions: [{ name: '_peer-cache._tcp.local', type: 'PTR', class: 'IN' }],
};
const WHERE: OutgoingPacket = {
  questions: [{ name: 'peer-cache-0a1b2c._peer-cache._tcp.local', type: 'SRV', class: 'IN' }],
};
const KNOWN = presenceRecords(PRESENCE).slice(0, 1);

class World implements AsyncDisposable {
  readonly link = new RecordingLink();
  nowMs = 10_000;
  readonly answers: PresenceAnswers;

  constructor() {
    const clock = (): number => this.nowMs;
    const plainAnswers = new RateLimit({ perSourcePerSecond: 10, totalPerSecond: 100 }, clock);
    this.answers = new PresenceAnswers(this.link, { now: clock, random: () => 0, plainAnswers });
  }

  ask(packet: OutgoingPacket, { from = ASKER, isTruncated = false } = {}): void {
    const heard = { ...arrived('query', packet), isTruncated };
    this.answers.hear({ packet: heard, from, link: this.link, sizeBytes: 60 }, PRESENCE);
  }

  /** How many packets were sent, once it is as many as this; one too many has time to show. */
  async sent(expected: number): Promise<number> {
    await until(
      () => this.link.sent.length,
      (count) => count >= expected,
    );
    await wait(30);
    return this.link.sent.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.answers[Symbol.asyncDispose]();
  }
}

test('a name is probed for, announced twice and taken back', async (t) => {
  const link = new RecordingLink();
  const presence = startPresence(link);
  await until(
    () => announcementsOn(link),
    ({ length }) => length === 2,
  );
  const kinds = link.sent.map(({ by, packet }) => (packet.authorities ? 'probe' : by));
  t.is(kinds.filter((kind) => kind === 'probe').length, 3);
  t.true(kinds.indexOf('announce') > kinds.lastIndexOf('probe'));
  t.deepEqual(announcementsOn(link)[0], { answers: presenceRecords(PRESENCE) });

  await presence[Symbol.asyncDispose]();
  const goodbye = announcementsOn(link)[2]?.answers ?? [];
  t.true(goodbye.length > 0 && goodbye.every(({ ttl }) => ttl === 0));
});

test('a name that was given up, or not yet announced, is not taken back', async (t) => {
  const link = new RecordingLink();
  const presence = startPresence(link);
  t.false(presence.hasName);
  await presence[Symbol.asyncDispose]();
  const yielded = startPresence(link);
  await until(
    () => yielded.hasName,
    (hasName) => hasName,
  );
  yielded.yieldName();
  const announced = announcementsOn(link).length;
  await yielded[Symbol.asyncDispose]();
  t.is(announcementsOn(link).length, announced);
});

test('a new address is announced under the same name', async (t) => {
  const link = new RecordingLink();
  await using presence = startPresence(link);
  await until(
    () => announcementsOn(link),
    ({ length }) => length === 1,
  );
  const moved = { ...PRESENCE, addresses: ['10.0.0.1', '10.5.0.1'] };
  presence.update(moved);
  presence.update(moved);
  t.is(announcementsOn(link).length, 2);
  t.deepEqual(announcementsOn(link)[1]?.answers, presenceRecords(moved));
});

test('a question from an mDNS port is answered to all', async (t) => {
  await using world = new World();
  world.ask(BROWSE);
  t.is(await world.sent(1), 1);
  t.like(world.link.sent[0], { by: 'announce' });
  t.is(world.link.sent[0]?.packet.additionals?.length, 3);
});

test('the same is not told to all twice in a second', async (t) => {
  await using world = new World();
  world.ask(BROWSE);
  t.is(await world.sent(1), 1);
  world.nowMs += 999;
  world.ask(BROWSE);
  t.is(await world.sent(1), 1);
  world.nowMs += 2;
  world.ask(BROWSE);
  t.is(await world.sent(2), 2);
});

test('a name is defended against a probe, sooner than other answers are repeated', async (t) => {
  await using world = new World();
  world.ask(WHERE);
  t.is(await world.sent(1), 1);
  world.nowMs += 300;
  world.ask(WHERE);
  t.is(await world.sent(1), 1);
  world.ask(probeFor({ ...PRESENCE, port: 7002 }));
  t.is(await world.sent(2), 2);
});

test('an asker that knows us is not answered, also when it says so in a second packet', async (t) => {
  await using world = new World();
  world.ask({ ...BROWSE, answers: KNOWN });
  t.is(await world.sent(0), 0);
  world.ask(BROWSE, { isTruncated: true });
  world.ask({ answers: KNOWN });
  await wait(450);
  t.is(await world.sent(0), 0);
  world.ask(BROWSE, { isTruncated: true });
  await until(
    () => world.link.sent.length,
    (count) => count === 1,
  );
});

test('a plain resolver is answered by unicast with what it asked for and no more', async (t) => {
  await using world = new World();
  const from = { address: '10.0.0.9', port: 40_000 };
  world.ask(BROWSE, { from });
  t.is(await world.sent(1), 1);
  t.deepEqual(world.link.sent[0], {
    by: 'reply',
    to: from,
    packet: {
      id: 77,
      questions: BROWSE.questions,
      answers: KNOWN.map((record) => ({ ...record, ttl: 10, flush: false })),
    },
  });
});

test('plain resolvers are answered 10 times a second, and never below port 1024', async (t) => {
  await using world = new World();
  for (let time = 0; time < 30; time++) {
    world.ask(WHERE, { from: { address: '10.0.0.9', port: 40_000 } });
    world.ask(WHERE, { from: { address: '10.0.0.8', port: 53 } });
  }
  t.is(await world.sent(10), 10);
});

test('no more than 32 answers wait at a time', async (t) => {
  await using world = new World();
  for (let time = 0; time < 100; time++) {
    world.ask(BROWSE, { from: { address: `10.0.0.${time}`, port: 40_000 } });
  }
  t.is(await world.sent(32), 32);
});

function startPresence(link: RecordingLink): LinkPresence {
  const knownPeers = new KnownPeers(now);
  const plainAnswers = new RateLimit({ perSourcePerSecond: 10, totalPerSecond: 100 }, now);
  return new LinkPresence(link, PRESENCE, { knownPeers, now, random: () => 0, plainAnswers });
}

function announcementsOn({ sent }: RecordingLink): OutgoingPacket[] {
  return sent.flatMap(({ by, packet }) => (by === 'announce' ? [packet] : []));
}

function now(): number {
  return performance.now();
}
