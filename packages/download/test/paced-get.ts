import { randomInt } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { KIB, MIB } from '@peer-cache/core';
import type { OriginHttp } from '@peer-cache/transport';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import * as fc from 'fast-check';
import { until } from '../../discovery/test/helpers/until.ts';
import { jobHttp } from '../../transport/test/helpers/job-http.ts';
import { startOrigin } from '../../transport/test/helpers/servers.ts';
import { pacedGet } from '../src/origin/paced-get.ts';
import type { PacedRequest } from '../src/origin/paced-get.ts';
import { CountedPacing } from './helpers/counted-pacing.ts';
import { contentOf } from './helpers/parts.ts';
import { startOrigin as startTestOrigin } from './helpers/test-origin.ts';

const CONTENT = contentOf(300 * KIB + 7);
const WHOLE = { startByte: 0, endByte: CONTENT.length };

async function get(
  http: OriginHttp,
  url: string,
  pacing: CountedPacing,
  request: Partial<PacedRequest> = {},
) {
  const signal = AbortSignal.timeout(20_000);
  return await pacedGet(http, url, { headers: {}, signal, range: WHOLE, pacing, ...request });
}

/** Answers each range as an honest origin does, but for what the test does to it first. */
function ranged(
  spoil: (request: { startByte: number; endByte: number; count: number }) =>
    | {
        readonly status?: number;
        readonly shift?: number;
        readonly sizeBytes?: number;
        readonly mostBytes?: number;
        readonly excessBytes?: number;
        readonly cutAfter?: number;
      }
    | undefined,
): RequestListener {
  let count = 0;
  return (request, response) => {
    const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
    const startByte = Number(first);
    const endByte = last ? Math.min(Number(last) + 1, CONTENT.length) : CONTENT.length;
    const spoilt = spoil({ startByte, endByte, count: count++ }) ?? {};
    const { status = 206, shift = 0, sizeBytes = CONTENT.length } = spoilt;
    const { mostBytes = Infinity, excessBytes = 0 } = spoilt;
    const body = CONTENT.subarray(
      startByte,
      Math.min(endByte + excessBytes, startByte + mostBytes),
    );
    const from = startByte + shift;
    if (status !== 206) {
      response.writeHead(status).end(status === 200 ? CONTENT : '');
      return;
    }
    response.writeHead(206, {
      'content-range': `bytes ${from}-${from + body.length - 1}/${sizeBytes}`,
      'content-length': body.length,
    });
    const { cutAfter } = spoilt;
    if (cutAfter === undefined) response.end(body);
    else response.write(body.subarray(0, cutAfter), () => setTimeout(() => response.destroy(), 20));
  };
}

function receivedBy({ given }: CountedPacing): number {
  return given.reduce((sum, { receivedBytes }) => sum + receivedBytes, 0);
}

async function isSettled(t: ExecutionContext, pacing: CountedPacing): Promise<void> {
  await until(
    async () => pacing.underWay,
    (count) => count === 0,
  );
  t.true(pacing.isSettled, 'each leave was given back once');
}

test('bytes come in order and whole, whatever there is leave for', async (t) => {
  await using origin = await startTestOrigin(CONTENT);
  await using http = jobHttp();
  const anySizes = fc.array(fc.integer({ min: 700, max: 64 * KIB }), { minLength: 1 });
  const anyRange = fc
    .tuple(fc.nat(CONTENT.length - 1), fc.nat(CONTENT.length - 1), fc.boolean())
    .map(([a, b, isToEnd]) => ({
      startByte: Math.min(a, b),
      endByte: isToEnd ? Infinity : Math.max(a, b) + 1,
    }));
  const property = fc.asyncProperty(anySizes, anyRange, async (sizes, range) => {
    const pacing = new CountedPacing(...sizes);
    const { status, fields, body } = await get(http, origin.url, pacing, { range });
    const expected = CONTENT.subarray(range.startByte, range.endByte);
    const last = range.startByte + expected.length - 1;
    const bytes = await buffer(body);
    return (
      status === 206 &&
      fields['content-range'] === `bytes ${range.startByte}-${last}/${CONTENT.length}` &&
      fields['content-length'] === `${expected.length}` &&
      bytes.equals(expected) &&
      pacing.isSettled &&
      pacing.given.every((each) => each.wasSent) &&
      receivedBy(pacing) === expected.length
    );
  });
  const seed = randomInt(2 ** 31);
  t.log(`seed ${seed}`);
  await t.notThrowsAsync(fc.assert(property, { seed, numRuns: 30 }));
});

test('up to an end that is not known, the last bytes come as well', async (t) => {
  await using origin = await startTestOrigin(CONTENT);
  await using http = jobHttp();
  const range = { startByte: CONTENT.length - 99, endByte: Infinity };
  const pacing = new CountedPacing(16 * KIB);
  const { fields, body } = await get(http, origin.url, pacing, { range });
  t.is(fields['content-length'], '99');
  t.true((await buffer(body)).equals(CONTENT.subarray(-99)));
  t.is(pacing.given.length, 1);
  t.true(pacing.isSettled);
});

test('requests are under way at once where there is leave for them', async (t) => {
  const { promise: gate, resolve: openGate } = Promise.withResolvers<void>();
  const answer = ranged(() => undefined);
  await using origin = await startOrigin((request, response) => {
    if (request.headers.range?.startsWith('bytes=0-') === true) answer(request, response);
    else void gate.then(() => answer(request, response));
  });
  await using http = jobHttp();
  const pacing = new CountedPacing(64 * KIB);
  const { body } = await get(http, origin.url, pacing);
  const read = buffer(body);
  await until(
    async () => origin.requests.length,
    (count) => count === 5,
  );
  t.true(pacing.mostUnderWay >= 4);
  openGate();
  t.true((await read).equals(CONTENT));
});

test('where all is free, one request brings all', async (t) => {
  await using origin = await startTestOrigin(CONTENT);
  await using http = jobHttp();
  const pacing = new CountedPacing(KIB);
  pacing.isFree = () => true;
  const { body } = await get(http, origin.url, pacing, {
    range: { startByte: 5, endByte: 99_999 },
  });
  t.true((await buffer(body)).equals(CONTENT.subarray(5, 99_999)));
  t.deepEqual(
    origin.asked.map(({ range }) => range),
    ['bytes=5-99998'],
  );
  t.is(pacing.given.length, 0);
});

for (const status of [200, 404, 416, 503]) {
  test(`an origin that answers ${status} at first is given back as it is`, async (t) => {
    await using origin = await startOrigin(ranged(() => ({ status })));
    await using http = jobHttp();
    const pacing = new CountedPacing(16 * KIB);
    const response = await get(http, origin.url, pacing);
    t.is(response.status, status);
    t.is(pacing.underWay, 1, 'while it is read');
    t.is((await buffer(response.body)).length, status === 200 ? CONTENT.length : 0);
    await isSettled(t, pacing);
    t.is(origin.requests.length, 1);
  });
}

const endsWith = test.macro<[Parameters<typeof ranged>[0], string]>({
  async exec(t, spoil, code) {
    await using origin = await startOrigin(ranged(spoil));
    await using http = jobHttp();
    const pacing = new CountedPacing(32 * KIB);
    const { body } = await get(http, origin.url, pacing);
    await t.throwsAsync(buffer(body), { code });
    await isSettled(t, pacing);
  },
  title: (what, _spoil, code) => `an origin that ${what} later ends with ${code}`,
});
const later = (startByte: number): boolean => startByte >= 100 * KIB;
type Asked = Parameters<Parameters<typeof ranged>[0]>[0];
const spoilLater =
  (spoilt: ReturnType<Parameters<typeof ranged>[0]>) =>
  ({ startByte }: Asked) =>
    later(startByte) ? spoilt : undefined;
test('sends all', endsWith, spoilLater({ status: 200 }), 'ORIGIN_PROTOCOL');
test('has no such range', endsWith, spoilLater({ status: 416 }), 'ORIGIN_PROTOCOL');
test('has it no more', endsWith, spoilLater({ status: 404 }), 'ORIGIN_NOT_FOUND');
test('stays busy', endsWith, spoilLater({ status: 503 }), 'ORIGIN_BUSY');
test('sends another range', endsWith, spoilLater({ shift: 1 }), 'ORIGIN_PROTOCOL');
const larger = { sizeBytes: CONTENT.length + 1 };
test('has changed its size', endsWith, spoilLater(larger), 'ORIGIN_PROTOCOL');
test('always fails', endsWith, spoilLater({ status: 500 }), 'ORIGIN_FAILED');
test('sends nothing of it', endsWith, spoilLater({ cutAfter: 0 }), 'UND_ERR_SOCKET');

const isBorne = test.macro<[Parameters<typeof ranged>[0]]>({
  async exec(t, spoil) {
    await using origin = await startOrigin(ranged(spoil));
    await using http = jobHttp();
    const pacing = new CountedPacing(32 * KIB);
    const { body } = await get(http, origin.url, pacing);
    t.true((await buffer(body)).equals(CONTENT));
    await isSettled(t, pacing);
  },
  title: (what) => `an origin that ${what} is asked again for what is missing`,
});
const odd = ({ count }: Asked): boolean => count % 2 === 1;
for (const status of [500, 503]) {
  const seen = new Set<number>();
  test(`says ${status} the first time`, isBorne, ({ startByte, count }) => {
    const isFirst = count > 0 && !seen.has(startByte);
    seen.add(startByte);
    return isFirst ? { status } : undefined;
  });
}
test('cuts answers short', isBorne, (asked) => (odd(asked) ? { cutAfter: 9000 } : undefined));
test('sends less than it says at first', isBorne, ({ count }) =>
  count === 0 ? { cutAfter: 5000 } : undefined,
);
test('sends less than was asked for', isBorne, (asked) =>
  odd(asked) ? { mostBytes: 9000 } : undefined,
);

test('of an origin that sends more than was asked for, what is too much is not taken', async (t) => {
  await using origin = await startOrigin(ranged(() => ({ excessBytes: 1000 })));
  await using http = jobHttp();
  const pacing = new CountedPacing(32 * KIB);
  const { body } = await get(http, origin.url, pacing);
  t.true((await buffer(body)).equals(CONTENT));
  await isSettled(t, pacing);
});

test('who destroys the answer early ends all requests, and waits for no leave', async (t) => {
  let closed = 0;
  const answer = ranged(() => undefined);
  await using origin = await startOrigin((request, response) => {
    if (request.headers.range?.startsWith('bytes=0-') === true) return answer(request, response);
    response.on('close', () => closed++);
  });
  await using http = jobHttp();
  const pacing = new CountedPacing(64 * KIB);
  const { body } = await get(http, origin.url, pacing);
  await until(
    async () => origin.requests.length,
    (count) => count === 5,
  );
  body.destroy();
  await until(
    async () => closed,
    (count) => count === 4,
  );
  await isSettled(t, pacing);
  t.is(pacing.given.length, 5);
});

test('so does who destroys it while nothing may be asked for', async (t) => {
  await using origin = await startTestOrigin(CONTENT);
  await using http = jobHttp();
  const pacing = new CountedPacing(16 * KIB);
  const { body } = await get(http, origin.url, pacing);
  pacing.isClosed = true;
  await until(
    async () => pacing.waiting,
    (count) => count === 1,
  );
  body.destroy();
  await until(
    async () => pacing.waiting,
    (count) => count === 0,
  );
  await isSettled(t, pacing);
});

test('a signal ends the wait for the first leave, with its reason', async (t) => {
  await using http = jobHttp();
  const pacing = new CountedPacing(KIB);
  pacing.isClosed = true;
  const stop = new AbortController();
  const reason = new Error('not wanted any more');
  const got = get(http, 'http://127.0.0.1:9/', pacing, { signal: stop.signal });
  stop.abort(reason);
  t.is(await t.throwsAsync(got), reason);
  t.deepEqual(pacing.given, []);
});

test('a signal ends what is under way', async (t) => {
  const answer = ranged(() => undefined);
  await using origin = await startOrigin((request, response) => {
    if (request.headers.range?.startsWith('bytes=0-') === true) answer(request, response);
  });
  await using http = jobHttp();
  const pacing = new CountedPacing(64 * KIB);
  const stop = new AbortController();
  const { body } = await get(http, origin.url, pacing, { signal: stop.signal });
  const read = buffer(body);
  await until(
    async () => origin.requests.length,
    (count) => count === 5,
  );
  stop.abort(new Error('not wanted any more'));
  await t.throwsAsync(read);
  await isSettled(t, pacing);
});

test('an origin that is not there is an error, and the leave is given back', async (t) => {
  await using http = jobHttp();
  const pacing = new CountedPacing(KIB);
  const got = get(http, 'http://127.0.0.1:9/', pacing);
  await t.throwsAsync(got, { code: 'ORIGIN_UNREACHABLE' });
  await isSettled(t, pacing);
});

test('nothing more is asked for while much waits to be read', async (t) => {
  const bytes = contentOf(8 * MIB);
  await using origin = await startTestOrigin(bytes);
  await using http = jobHttp();
  const pacing = new CountedPacing(128 * KIB);
  const range = { startByte: 0, endByte: bytes.length };
  const { body } = await get(http, origin.url, pacing, { range });
  const asked = (): number => pacing.given.reduce((sum, each) => sum + each.bytes, 0);
  await isStill(asked);
  const ahead = asked();
  t.true(ahead > 2 * MIB && ahead < 4 * MIB, `${ahead} bytes`);
  t.true(pacing.mostUnderWay <= 10, `${pacing.mostUnderWay} at once`);
  t.true((await buffer(body)).equals(bytes));
  await isSettled(t, pacing);
});

/** Resolves when it has not changed for some time. */
async function isStill(look: () => number): Promise<void> {
  let last = NaN;
  let same = 0;
  await until(
    async () => {
      const now = look();
      same = now === last ? same + 1 : 0;
      last = now;
      return same;
    },
    (count) => count >= 20,
  );
}

test('who waits for leave is told so while nothing is under way, and only then', async (t) => {
  await using origin = await startTestOrigin(CONTENT);
  await using http = jobHttp();
  const pacing = new CountedPacing(64 * KIB);
  pacing.isClosed = true;
  const tellings: boolean[] = [];
  const onHeldBack = (isHeldBack: boolean): void => {
    if (isHeldBack) t.is(pacing.underWay, 0, 'the origin is waited for');
    tellings.push(isHeldBack);
  };
  const got = get(http, origin.url, pacing, { onHeldBack });
  t.deepEqual(tellings, [true], 'there is no leave');
  pacing.open();
  const { body } = await got;
  t.deepEqual(tellings, [true, false], 'there is');
  t.true((await buffer(body)).equals(CONTENT));
  t.false(tellings.at(-1), 'nothing is held back that has ended');
});
