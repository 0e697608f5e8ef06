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
