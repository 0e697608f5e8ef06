import test from 'ava';
import { callableAddress, canonicalAddress, hostNameOf, isOwnHost } from '../src/remote-address.ts';

test('addresses have one spelling', (t) => {
  t.is(canonicalAddress('::ffff:10.0.0.1'), '10.0.0.1');
  t.is(canonicalAddress('FD00:0:0::1'), 'fd00::1');
  t.is(canonicalAddress('fe80::1%eth0'), 'fe80::1');
  t.is(callableAddress('fe80::1%eth0'), 'fe80::1%eth0');
  t.is(callableAddress('::ffff:10.0.0.1'), '10.0.0.1');
});

test('a Host is ours only if it is the very address and port of the socket', (t) => {
  const ipv4 = { host: '10.0.0.1', port: 7777 };
  t.true(isOwnHost('10.0.0.1:7777', ipv4));
  t.true(isOwnHost('[::ffff:10.0.0.1]:7777', ipv4));
  for (const header of ['10.0.0.1', '10.1:7777', '0x0a.0.0.1:7777', '012.0.0.1:7777']) {
    t.false(isOwnHost(header, ipv4), header);
  }
  for (const header of ['167772161:7777', '10.0.0.1:07777', '10.0.0.1:7777 ', '[10.0.0.1]:7777']) {
    t.false(isOwnHost(header, ipv4), header);
  }
  const ipv6 = { host: 'fe80::1', port: 7777 };
  t.true(isOwnHost('[fe80::1]:7777', ipv6));
  t.true(isOwnHost('[FE80:0::1]:7777', ipv6));
  for (const header of [
    'fe80::1:7777',
    '[fe80::1%eth0]:7777',
    '[fe80::2]:7777',
    '[fe80::1]',
    '[]:1',
  ]) {
    t.false(isOwnHost(header, ipv6), header);
  }
});

test('IPv4 callers count by address, however they are spelt', (t) => {
  t.is(hostNameOf('::ffff:10.0.0.2', '::ffff:10.0.0.1'), '10.0.0.2');
  t.is(hostNameOf('10.0.0.2', '10.0.0.1'), '10.0.0.2');
});

test('IPv6 callers count by address on our link and by /64 from elsewhere', (t) => {
  t.is(hostNameOf('fd00:1::2', 'fd00:1::1'), 'fd00:1::2');
  t.is(hostNameOf('fe80::2%eth0', 'fe80::1%eth0'), 'fe80::2');
  t.is(hostNameOf('fd00:2:0:1:aaaa::2', 'fd00:1::1'), 'fd00:2:0:1::/64');
  t.is(hostNameOf('fd00:2:0:1:bbbb::9', 'fd00:1::1'), 'fd00:2:0:1::/64');
});
