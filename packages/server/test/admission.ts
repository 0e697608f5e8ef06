import test from 'ava';
import { admitsAnswer, admitsConnection, Allowance } from '../src/admission.ts';
import { Hosts } from '../src/hosts.ts';
import { resolveLimits } from '../src/limits.ts';

const limits = resolveLimits({ connections: 8, reservedConnections: 2, connectionsPerHost: 3 });
const none = { all: 0, unproven: 0, ofHost: 0, isHostProven: false };

test('strangers can not take the connections that are kept for peers', (t) => {
  t.true(admitsConnection({ ...none, all: 5, unproven: 5 }, limits));
  t.false(admitsConnection({ ...none, all: 6, unproven: 6 }, limits));
  t.true(admitsConnection({ ...none, all: 7, unproven: 5 }, limits));
  t.true(admitsConnection({ ...none, all: 7, unproven: 6, isHostProven: true }, limits));
  t.false(admitsConnection({ ...none, all: 8, isHostProven: true }, limits));
});

test('nobody has more connections than one host may', (t) => {
  t.true(admitsConnection({ ...none, all: 3, ofHost: 2 }, limits));
  t.false(admitsConnection({ ...none, all: 3, ofHost: 3, isHostProven: true }, limits));
});

test('bytes in flight are limited in all and for one host', (t) => {
  const few = resolveLimits({ bytesInFlight: 100, bytesInFlightPerHost: 50 });
  t.true(admitsAnswer(50, { all: 50, ofHost: 0 }, few));
  t.false(admitsAnswer(51, { all: 50, ofHost: 0 }, few));
  t.false(admitsAnswer(50, { all: 50, ofHost: 1 }, few));
});

test('an allowance that was overdrawn comes back with time', (t) => {
  let nowMs = 0;
  const allowance = new Allowance(10, () => nowMs);
  t.false(allowance.isSpent);
  allowance.spend(25);
  t.true(allowance.isSpent);
  nowMs = 400;
  t.true(allowance.isSpent);
  nowMs = 600;
  t.false(allowance.isSpent);
  nowMs = 1_000_000;
  t.false(allowance.isSpent);
  allowance.spend(20);
  t.true(allowance.isSpent);
});

test('too many hosts are forgotten, but no connected one and no peer before a stranger', (t) => {
  const hosts = new Hosts(limits, () => 0);
  hosts.of('connected').connections = 1;
  hosts.of('proven').proved();
  for (let index = 0; index < 2000; index++) hosts.of(`10.0.${index >> 8}.${index & 255}`);
  const names = [...hosts].map(({ name }) => name);
  t.is(names.length, 1024);
  t.true(names.includes('connected'));
  t.true(names.includes('proven'));
  t.is(names.at(-1), '10.0.7.207');
});

test('a host counts as proven for ten minutes after its last proof', (t) => {
  let nowMs = 0;
  const host = new Hosts(limits, () => nowMs).of('10.0.0.1');
  t.false(host.isProven);
  host.proved();
  t.true(host.isProven);
  nowMs = 600_000;
  t.false(host.isProven);
});

test('a limit that is no whole number is an error', (t) => {
  t.throws(() => resolveLimits({ connections: -1 }), { instanceOf: RangeError });
  t.throws(() => resolveLimits({ headMs: 0.5 }), { instanceOf: RangeError });
});
