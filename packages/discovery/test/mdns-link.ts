import test from 'ava';
import type { SharingInterface } from '../src/index.ts';
import { linkPlans } from '../src/mdns-link.ts';

test('an interface has a link for each IPv4 network, and one for IPv6', (t) => {
  const plans = linkPlans([
    sharing('eth0', {
      addresses: ['10.0.0.1', '10.0.0.2', '192.168.1.1', 'fd00::1', 'fe80::1%eth0'],
      prefixes: ['10.0.0.0/24', '192.168.1.0/24', 'fd00::/64', 'fe80::%eth0/64'],
    }),
  ]);
  t.deepEqual(plans, [
    plan({ address: '10.0.0.1', prefixes: ['10.0.0.0/24'] }),
    plan({ address: '192.168.1.1', prefixes: ['192.168.1.0/24'] }),
    {
      interfaceName: 'eth0',
      family: 6,
      address: 'fd00::1',
      prefixes: ['fd00::/64', 'fe80::%eth0/64'],
      zone: 'eth0',
    },
  ]);
});

test('IPv6 without a link-local address, as it never is, has no link', (t) => {
  const plans = linkPlans([sharing('eth0', { addresses: ['fd00::1'], prefixes: ['fd00::/64'] })]);
  t.deepEqual(plans, []);
});

test('an interface that is not shared on has no link', (t) => {
  const shared = sharing('eth0', { addresses: ['10.0.0.1'], prefixes: ['10.0.0.0/24'] });
  t.deepEqual(linkPlans([{ ...shared, isSharing: false }]), []);
});

function sharing(
  name: string,
  part: Pick<SharingInterface, 'addresses' | 'prefixes'>,
): SharingInterface {
  return { name, ...part, isSharing: true, reason: 'private address' };
}

function plan(part: { address: string; prefixes: string[] }) {
  return { interfaceName: 'eth0', family: 4, zone: undefined, ...part };
}
