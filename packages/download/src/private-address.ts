import ipaddr from 'ipaddr.js';

/**
 * Whether an address belongs to a network that the public internet does not reach: loopback,
 * private, link-local, carrier-grade NAT, unique local. Also true for what is no address at all.
 */
export function isPrivateAddress(address: string): boolean {
  const [plain = ''] = address.split('%');
  return !ipaddr.isValid(plain) || ipaddr.process(plain).range() !== 'unicast';
}
