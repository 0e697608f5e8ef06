import { isIP } from 'node:net';
import type { PeerAddress } from '@peer-cache/discovery';

/** What counts as one place of a peer: its address; on loopback, which all share, with its port. */
export function siteOf({ host, port, socketPath }: PeerAddress): string {
  if (socketPath !== undefined) return socketPath;
  const isLoopback = host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
  return isLoopback ? `${host} ${port}` : host;
}
