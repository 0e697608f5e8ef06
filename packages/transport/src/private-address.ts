import ipaddr from 'ipaddr.js';

/**
 * Whether an address belongs to a network that the public internet does not reach: loopback,
 * private, link-local, carrier-grade NAT, unique local. Also true for what is no address at all.
 */
export function isPrivateAddress(address: string): boolean {
  const [plain = ''] = address.split('%');
  return !ipaddr.isValid(plain) || ipaddr.process(plain).range() !== 'unicast';
}

/** Whether a URL's host says by itself that it is private: no name, or this machine's. */
export function isPrivateHost(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (ipaddr.isValid(host)) return isPrivateAddress(host);
  return /(?:^|\.)localhost\.?$/i.test(host);
}
