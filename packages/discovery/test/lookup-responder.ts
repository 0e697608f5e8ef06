import { setTimeout as wait } from 'node:timers/promises';
import test from 'ava';
import type { Holdings, SegmentLookup } from '../src/index.ts';
import { KnownPeers } from '../src/known-peers.ts';
import { answerDelayMs, isAnswering, provenEntries } from '../src/lookup-answers.ts';
import type { Source } from '../src/lookup-answers.ts';
import { decodeLookupAnswer, encodeLookupQuery } from '../src/lookup-packet.ts';
import { LookupResponder } from '../src/lookup-responder.ts';
import type { HeardPacket } from '../src/mdns-links.ts';
import { arrived } from './helpers/packets.ts';
import { RecordingLink } from './helpers/recording-link.ts';
import { holding, lookupsFor, segments } from './helpers/segments.ts';
import { until } from './helpers/until.ts';

const HELD = segments('held', 3);
const ASKER: Source = { address: '10.0.0.9', port: 50_000 };
const NONCE = Buffer.alloc(8, 7);

interface Asked {
  readonly lookups?: readonly SegmentLookup[];
  /** Where the packet comes from. */
  readonly from?: Source;
  /** Whom the proofs in it are for. */
  readonly provenFor?: Source;
  readonly round?: number;
  readonly sizeBytes?: number;
}

class World implements AsyncDisposable {
  readonly link = new RecordingLink();
  nowMs = 0;
  random = 0;
  readonly knownPeers: KnownPeers;
  readonly responder: LookupResponder;

  constructor(holdings: Holdings = holding(HELD)) {
    const now = (): number => this.nowMs;
    this.knownPeers = new KnownPeers(now);
    const parts = { holdings, knownPeers: this.knownPeers, now, random: () => this.random };
    this.responder = new LookupResponder(parts, 7001);
  }

  ask({ lookups, from = ASKER, provenFor = from, round = 0, sizeBytes = 1200 }: Asked = {}): void {
    const entries = provenEntries(lookups ?? lookupsFor(HELD), NONCE, provenFor);
    const packet = arrived('query', encodeLookupQuery({ id: 5, round, nonce: NONCE, entries }));
    const heard: HeardPacket = { packet, from, link: this.link, sizeBytes };
    this.responder.hear(heard);
  }

  /** Makes another agent known. */
  meet(host: string): void {
    const address = { host, port: 7001 };
    this.knownPeers.hear(host, { address, interfaceName: 'eth0', ttlMs: 60_000 });
  }

  /** How many answers were sent, once it is as many as this; one too many has time to show. */
  async answers(expected: number): Promise<number> {
    await until(
      () => this.link.sent.length,
      (count) => count >= expected,
    );
    await wait(5);
    return this.link.sent.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.responder[Symbol.asyncDispose]();
  }
}

test('what is held is told to the asker alone, with the nonce and our port', async (t) => {
  await using world = new World();
  const strange = lookupsFor(segments('strange', 2));
  world.ask({ lookups: [...strange, ...lookupsFor(HELD)] });
  t.is(await world.answers(1), 1);
  const [sent] = world.link.sent;
  t.like(sent, { by: 'reply', to: ASKER });
  const answer = decodeLookupAnswer(arrived('response', sent?.packet ?? {}));
  t.deepEqual(answer, { id: 5, nonce: NONCE, port: 7001, held: [2, 3, 4] });
});

test('what is not held is not answered', async (t) => {
  await using world = new World();
  world.ask({ lookups: lookupsFor(segments('strange', 40)) });
  t.is(await world.answers(0), 0);
});

test('an ID without the proof of its key is not answered', async (t) => {
  await using world = new World();
  const overheard = lookupsFor(HELD).map(({ segmentId }) => ({
    segmentId,
    proofKey: Buffer.alloc(32, 1),
  }));
  world.ask({ lookups: overheard });
  t.is(await world.answers(0), 0);
});

test('a proof made with the key that stands for a missing one proves nothing', async (t) => {
  await using world = new World();
  const guessed = segments('strange', 3).map(({ segmentId }) => ({
    segmentId,
    proofKey: Buffer.alloc(32),
  }));
  world.ask({ lookups: guessed });
  t.is(await world.answers(0), 0);
});

test('a packet that is replayed from another address or port is not answered', async (t) => {
  await using world = new World();
  world.ask({ provenFor: ASKER, from: { ...ASKER, address: '10.0.0.66' } });
  world.ask({ provenFor: ASKER, from: { ...ASKER, port: ASKER.port + 1 } });
  t.is(await world.answers(0), 0);
  world.ask({ provenFor: ASKER, from: ASKER });
  t.is(await world.answers(1), 1);
});

test('the zone of an asker is no part of its proof, because each host has its own', async (t) => {
  await using world = new World();
  const provenFor = { address: 'fe80::9%eth0', port: 50_000 };
  world.ask({ provenFor, from: { address: 'fe80::9%wlan0', port: 50_000 } });
  t.is(await world.answers(1), 1);
});

test('a query shorter than its answer would be is not answered', async (t) => {
  await using world = new World();
  world.ask({ sizeBytes: 97 });
  t.is(await world.answers(0), 0);
  world.ask({ sizeBytes: 121 });
  t.is(await world.answers(1), 1);
});

test('a query from a port below 1024 is not answered, nor is our own', async (t) => {
  await using world = new World();
  world.ask({ from: { address: ASKER.address, port: 53 } });
  world.ask({ from: world.link.asker });
  t.is(await world.answers(0), 0);
});

test('one source gets 10 answers a second', async (t) => {
  await using world = new World();
  for (let time = 0; time < 30; time++) world.ask();
  t.is(await world.answers(10), 10);
  world.nowMs = 100;
  for (let time = 0; time < 5; time++) world.ask();
  t.is(await world.answers(11), 11);
});

test('all sources together get 100 answers a second', async (t) => {
  await using world = new World();
  for (let time = 0; time < 300; time++) {
    world.ask({ from: { address: `10.0.0.${time % 200}`, port: 50_000 } });
  }
  t.is(await world.answers(100), 100);
});

test('queries that prove nothing are not even checked without limit', async (t) => {
  let looked = 0;
  await using world = new World({
    proofKeyOf() {
      looked++;
      return undefined;
    },
  });
  const lookups = lookupsFor(segments('strange', 1));
  for (let time = 0; time < 1000; time++) world.ask({ lookups });
  t.is(looked, 40);
});

test('a segment not held takes a hash just as one that is held', async (t) => {
  const asked: string[] = [];
  const known = holding(HELD);
  await using world = new World({
    proofKeyOf(segmentId) {
      asked.push(Buffer.from(segmentId).toString('hex'));
      return known.proofKeyOf(segmentId);
    },
  });
  const lookups = [...lookupsFor(HELD), ...lookupsFor(segments('strange', 2))];
  world.ask({ lookups });
  t.deepEqual(
    asked,
    lookups.map(({ segmentId }) => Buffer.from(segmentId).toString('hex')),
    'all are looked at, whatever the first ones gave',
  );
});

test('with many agents about, some 24 answer at first, and all when it is asked again', async (t) => {
  await using world = new World();
  for (let peer = 0; peer < 48; peer++) {
    world.meet(`10.0.0.${peer}`);
  }
  world.random = 0.6;
  world.ask();
  t.is(await world.answers(0), 0);
  world.ask({ round: 1 });
  t.is(await world.answers(1), 1);
});

test('the chance to answer is 24 in the number of agents, the delay half a millisecond each', (t) => {
  t.true(isAnswering(0, 24, 0.999));
  t.true(isAnswering(0, 120, 0.199));
  t.false(isAnswering(0, 120, 0.201));
  t.true(isAnswering(2, 120, 0.999));
  t.is(answerDelayMs(10, 1), 5);
  t.is(answerDelayMs(500, 1), 60);
});

test('an answer that waits is given up when the responder is disposed', async (t) => {
  const world = new World();
  for (let peer = 0; peer < 20; peer++) {
    world.meet(`10.0.0.${peer}`);
  }
  world.random = 0.9;
  world.ask();
  await world[Symbol.asyncDispose]();
  world.ask();
  t.is(await world.answers(0), 0);
});
