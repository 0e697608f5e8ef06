import type { ProxyUse } from '@peer-cache/protocol';
import ipaddr from 'ipaddr.js';
import { ProxyInvalidError } from './errors.ts';

/** What HTTP_PROXY, HTTPS_PROXY and NO_PROXY say; empty or absent: nothing. */
export interface ProxyEnvironment {
  readonly httpProxy?: string | undefined;
  readonly httpsProxy?: string | undefined;
  /** Separated by commas or spaces. */
  readonly noProxy?: string | undefined;
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };
/** A host, an IPv6 address only in brackets, and a port. */
const WITH_PORT = /^(?:\[(?<literal>[^\]]+)\]|(?<host>[^:]+))(?::(?<port>\d{1,5}))?$/;

/**
 * The proxy for a URL; undefined where it is asked directly: without a proxy, for this machine
 * itself (a proxy's loopback is another machine's), and for hosts on the bypass list.
 *
 * @throws {ProxyInvalidError} for an address that is none
 */
export function proxyFor(
  url: URL,
  use: ProxyUse,
  environment: ProxyEnvironment = {},
): URL | undefined {
  if (use.use === 'none' || isLoopback(hostOf(url))) return undefined;
  if (use.use === 'explicit') {
    return isBypassed(url, use.bypass) ? undefined : proxyUrl(use.url);
  }
  const { httpProxy, httpsProxy, noProxy = '' } = environment;
  const address = (url.protocol === 'https:' ? httpsProxy : httpProxy) ?? '';
  if (address === '' || isBypassed(url, noProxy.split(/[\s,]+/))) return undefined;
  return proxyUrl(address);
}

/**
 * Reads a proxy's address: `http:` or `https:`, with user info or without; `host:port` is `http:`.
 *
 * @throws {ProxyInvalidError}
 */
export function proxyUrl(address: string): URL {
  const url = URL.parse(address.includes('://') ? address : `http://${address}`);
  if (url === null || DEFAULT_PORTS[url.protocol] === undefined) throw new ProxyInvalidError();
  return url;
}

/**
 * Whether a list names the URL's host, as NO_PROXY does for curl: a name covers itself and all
 * below it, with a leading dot or `*.` or without; `*` covers all, `10.0.0.0/8` a network,
 * `host:8080` one port, and `<local>` (BITS) every name without a dot.
 */
export function isBypassed(url: URL, bypass: readonly string[]): boolean {
  const host = hostOf(url);
  const port = url.port === '' ? DEFAULT_PORTS[url.protocol] : url.port;
  return bypass.some((entry) => {
    const text = entry.trim().toLowerCase();
    const { groups = {} } = WITH_PORT.exec(text) ?? {};
    const pattern = groups['literal'] ?? groups['host'] ?? text;
    const isPort = groups['port'] === undefined || groups['port'] === port;
    return isPort && covers(pattern, host);
  });
}

function covers(pattern: string, host: string): boolean {
  if (pattern === '*') return true;
  if (pattern === '<local>') return !host.includes('.') && !host.includes(':');
  if (ipaddr.isValid(host)) return coversAddress(pattern, host);
  const name = pattern.replace(/^(?:\*?\.)/, '').replace(/\.$/, '');
  return name !== '' && (host === name || host.endsWith(`.${name}`));
}

function coversAddress(pattern: string, address: string): boolean {
  const parsed = ipaddr.process(address);
  if (ipaddr.isValid(pattern)) {
    return ipaddr.process(pattern).toNormalizedString() === parsed.toNormalizedString();
  }
  if (!ipaddr.isValidCIDR(pattern)) return false;
  const [network, bits] = ipaddr.parseCIDR(pattern);
  return network.kind() === parsed.kind() && parsed.match(network, bits);
}

function isLoopback(host: string): boolean {
  if (ipaddr.isValid(host)) return ipaddr.process(host).range() === 'loopback';
  return host === 'localhost' || host.endsWith('.localhost');
}

function hostOf({ hostname }: URL): string {
  return hostname
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase();
}
