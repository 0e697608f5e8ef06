import test from 'ava';
import type { OutgoingPacket } from '../src/dns-records.ts';
import type { FoundPeer, SegmentLookup } from '../src/index.ts';
import { LookupAsker } from '../src/lookup-asker.ts';
import { decodeLookupQuery, encodeLookupAnswer } from '../src/lookup-packet.ts';
import type { LookupAnswer, LookupQuery } from '../src/lookup-packet.ts';
import { arrived } from './helpers/packets.ts';
import { RecordingLink } from './helpers/recording-link.ts';
import { lookupsFor, segments } from './helpers/segments.ts';

const PEER = '10.0.0.7';

/** A link on which a neighbour does as the test says with each query. */
class AnsweringLink extends RecordingLink {
  readonly queries: LookupQuery[] = [];
  readonly #onQuery: (query: LookupQuery) => void;

  constructor(onQuery: (query: LookupQuery) => void = () => {}, plan = {}) {
    super(plan);
    this.#onQuery = onQuery;
  }

  override async ask(packet: OutgoingPacket): Promise<void> {
    const query = decodeLookupQuery(arrived('query', packet));
    if (query === undefined) throw new Error('not a query');
    this.queries.push(query);
    this.#onQuery(query);
  }
}

test('what nobody answers for is asked again, twice, and nothing else', async (t) => {
  const keys = segments('rounds', 60);
  const link = new AnsweringLink((query) => {
    if (query.round === 0 && query.entries.length === 47) answer(query, { held: [0, 46] });
  });
  const asker = askerOn([link]);
  const answer = answering(asker, link);
  const found = await all(asker, lookupsFor(keys));
  t.deepEqual(found, [{ address: { host: PEER, port: 7001 }, holds: [0, 46] }]);
  t.deepEqual(
    link.queries.map(({ round, entries }) => [round, entries.length]),
    [0, 1, 2].flatMap((round) =>
      round === 0
        ? [
            [0, 47],
            [0, 13],
          ]
        : [
            [round, 47],
            [round, 11],
          ],
    ),
  );
});

test('each packet has its own nonce and ID, so that answers to another are not taken', async (t) => {
  const link = new AnsweringLink((query) => {
    answer({ ...query, nonce: Buffer.alloc(8) }, { held: [0] });
    answer({ ...query, id: (query.id + 1) % 65_536 }, { held: [0] });
    if (query.round === 2) answer(query, { held: [0] });
  });
  const asker = askerOn([link]);
  const answer = answering(asker, link);
  const found = await all(asker, lookupsFor(segments('nonce', 1)));
  t.is(found.length, 1);
  const nonces = link.queries.map(({ nonce }) => Buffer.from(nonce).toString('hex'));
  t.is(new Set(nonces).size, 3);
  answer(link.queries[2], { held: [0] });
  t.pass('an answer after the end is no error');
});

test('a peer is believed once for each packet, and ourselves never', async (t) => {
  const link = new AnsweringLink((query) => {
    answer(query, { held: [0] });
    answer(query, { held: [0] });
    answer(query, { held: [0], port: 7002 });
    answer(query, { held: [0], port: 7009 });
    answer(query, { held: [1, 2] });
    answer(query, { held: [] });
  });
  const asker = askerOn([link]);
  const answer = answering(asker, link);
  const found = await all(asker, lookupsFor(segments('once', 1)));
  t.deepEqual(
    found.map(({ address }) => address.port),
    [7001, 7002],
  );
});

test('an answer that came to another link is not taken', async (t) => {
  const other = new AnsweringLink();
  const link = new AnsweringLink((query) => answer(query, { held: [0] }));
  const asker = askerOn([link]);
  const answer = answering(asker, other);
  t.deepEqual(await all(asker, lookupsFor(segments('links', 1))), []);
});

test('an interface with IPv4 and IPv6 is asked by IPv4 first, then by both', async (t) => {
  const ipv4 = new AnsweringLink();
  const ipv6 = new AnsweringLink(undefined, { family: 6 });
  const onlyIpv6 = new AnsweringLink(undefined, { family: 6, interfaceName: 'eth1' });
  await all(askerOn([ipv4, ipv6, onlyIpv6]), lookupsFor(segments('families', 1)));
  const rounds = [ipv4, ipv6, onlyIpv6].map(({ queries }) => queries.map(({ round }) => round));
  t.deepEqual(rounds, [
    [0, 1, 2],
    [1, 2],
    [0, 1, 2],
  ]);
});

test('many packets are spread: four at once, then one every 20 ms', async (t) => {
  const sentAtMs: number[] = [];
  const link = new AnsweringLink(() => sentAtMs.push(performance.now()));
  const left = new AbortController();
  setTimeout(() => left.abort(), 115);
  await all(askerOn([link]), lookupsFor(segments('many', 47 * 40)), left.signal);
  const spanMs = (sentAtMs.at(-1) ?? 0) - (sentAtMs[0] ?? 0);
  t.true(sentAtMs.length >= 4);
  t.true(sentAtMs.length <= 5 + spanMs / 20, `${sentAtMs.length} packets in ${spanMs} ms`);
});

function askerOn(links: readonly AnsweringLink[]): LookupAsker {
  return new LookupAsker({ links: () => links, now: () => performance.now(), isOwn });
}

function isOwn(_: string, port: number): boolean {
  return port === 7009;
}

/** Lets a neighbour's answer arrive. */
function answering(asker: LookupAsker, link: RecordingLink) {
  return (query: LookupQuery | undefined, says: Partial<LookupAnswer>): void => {
    if (query === undefined) throw new Error('no query');
    const { id, nonce, entries } = query;
    const answer = { id, nonce, port: 7001, held: [], ...says };
    const packet = arrived('response', encodeLookupAnswer(answer, entries.length));
    asker.hear({ packet, from: { address: PEER, port: 5353 }, link, sizeBytes: 100 });
  };
}

async function all(
  asker: LookupAsker,
  lookups: readonly SegmentLookup[],
  signal: AbortSignal = AbortSignal.timeout(10_000),
): Promise<FoundPeer[]> {
  const found: FoundPeer[] = [];
  for await (const peer of asker.find(lookups, { signal })) found.push(peer);
  return found;
}
