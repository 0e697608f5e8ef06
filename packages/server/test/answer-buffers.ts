import test from 'ava';
import { AnswerBuffers } from '../src/answer-buffers.ts';
import { Hosts } from '../src/hosts.ts';
import { resolveLimits } from '../src/limits.ts';

const MIB = 1024 * 1024;
const limits = resolveLimits({ bytesInFlight: 12 * MIB, bytesInFlightPerHost: 8 * MIB });

test('a buffer that was given back is used again', (t) => {
  const host = new Hosts(limits, () => 0).of('10.0.0.1');
  const buffers = new AnswerBuffers(limits);
  const first = buffers.take(16 * 65_552 + 12, host);
  t.is(first.bytes.length, 1088 * 1024);
  first.release();
  t.is(buffers.take(MIB, host).bytes, first.bytes);
});

test('one given back twice counts once, and is not lent to two', (t) => {
  const host = new Hosts(limits, () => 0).of('10.0.0.1');
  const buffers = new AnswerBuffers(limits);
  const { release } = buffers.take(MIB, host);
  release();
  release();
  t.is(buffers.bytesInFlight, 0);
  t.is(host.bytesInFlight, 0);
  t.not(buffers.take(MIB, host).bytes, buffers.take(MIB, host).bytes);
});

test('of the limit, less may be allowed for a while, but never too little for two answers', (t) => {
  const plenty = resolveLimits({ bytesInFlight: 64 * MIB, bytesInFlightPerHost: 64 * MIB });
  const host = new Hosts(plenty, () => 0).of('10.0.0.1');
  const buffers = new AnswerBuffers(plenty);
  const takeAll = (): number => {
    const taken = [];
    try {
      for (;;) taken.push(buffers.take(4 * MIB, host));
    } catch (error) {
      t.like(error, { code: 'SERVER_BUSY' });
    }
    for (const { release } of taken) release();
    return taken.length;
  };
  const shares = [1, 0.5, 0.25, 0.01, 0, 1];
  t.deepEqual(
    shares.map((share) => {
      buffers.allow(share);
      return takeAll();
    }),
    [16, 8, 4, 2, 2, 16],
  );
});

test('a limit that is lower than what is always allowed stays', (t) => {
  const few = resolveLimits({ bytesInFlight: MIB, bytesInFlightPerHost: 64 * MIB });
  const host = new Hosts(few, () => 0).of('10.0.0.1');
  const buffers = new AnswerBuffers(few);
  buffers.allow(0);
  t.throws(() => buffers.take(4 * MIB, host), { code: 'SERVER_BUSY' });
});

test('memory in flight is limited for one host and for all', (t) => {
  const hosts = new Hosts(limits, () => 0);
  const [one, other] = [hosts.of('10.0.0.1'), hosts.of('10.0.0.2')];
  const buffers = new AnswerBuffers(limits);
  const first = buffers.take(4 * MIB, one);
  buffers.take(4 * MIB, one);
  t.throws(() => buffers.take(1, one), { code: 'SERVER_BUSY' });
  buffers.take(4 * MIB, other);
  t.throws(() => buffers.take(1, other), { code: 'SERVER_BUSY' });
  first.release();
  t.notThrows(() => buffers.take(1, one));
});
