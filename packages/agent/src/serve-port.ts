import { randomInt } from 'node:crypto';
import type { PeerServer } from '@peer-cache/server';
import { isErrno } from './private-files.ts';

const TRIES = 16;
const FIRST_DYNAMIC_PORT = 49_152;
const LAST_PORT = 65_535;

/**
 * Has the server listen on all of these hosts at one port, since peers are told only one: the
 * preferred port, else the next one that no other agent on this host has. Returns the port; where
 * there is no host yet, the preferred one.
 */
export async function listenAtOnePort(
  server: PeerServer,
  hosts: readonly string[],
  preferredPort: number,
): Promise<number> {
  const ports = portsToTry(preferredPort);
  for (const port of ports) {
    const failures = await server.setAddresses(hosts.map((host) => ({ host, port })));
    // An address that is gone already is no reason for another port.
    const isTaken = failures.some(({ cause }) => isErrno(cause, 'EADDRINUSE'));
    if (!isTaken) return port;
  }
  // What could be listened on at the last port is: the server has said the rest in its log.
  return ports.at(-1) ?? preferredPort;
}

/** The preferred port and those after it, so that firewalls can let them in; 0 is any. */
export function portsToTry(preferredPort: number): number[] {
  const places = Array.from({ length: TRIES }, (_, index) => index);
  if (preferredPort === 0) return places.map(() => randomInt(FIRST_DYNAMIC_PORT, LAST_PORT + 1));
  return places.map((place) => preferredPort + place).filter((port) => port <= LAST_PORT);
}
