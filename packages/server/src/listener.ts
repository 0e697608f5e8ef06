import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { isIP } from 'node:net';
import type { ListenOptions } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '@peer-cache/core';
import { KIB, SECOND_MS } from '@peer-cache/core';
import type { Connection } from './connection.ts';
import type { RequestHandler } from './create-server.ts';
import { ListenFailedError } from './errors.ts';
import type { ServerLimits } from './limits.ts';
import { LOCAL_ENDS } from './remote-address.ts';
import type { SocketEnds } from './remote-address.ts';

/** Where to listen: an IP literal, with its zone where it is link-local; port 0 means any. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** One address that is listened on. Disposing lets its requests be answered, but not for long. */
export interface Listener extends AsyncDisposable {
  /** With the real port. */
  readonly address: ListenAddress;
}

export interface ListenerParts {
  readonly handler: RequestHandler;
  readonly log: Log;
}

interface Listening extends AsyncDisposable {
  readonly server: Server;
}

const MOST_HEAD_BYTES: number = 16 * KIB;
/** For answers that are on their way when the listener ends. */
const FAREWELL_MS: number = 1 * SECOND_MS;

/** @throws {ListenFailedError} when the address isn't this machine's, or its port is taken. */
export async function openListener(
  address: ListenAddress,
  parts: ListenerParts,
  limits: ServerLimits,
): Promise<Listener> {
  const { host, port } = address;
  if (isIP(host) === 0) throw new RangeError(`listening needs an IP address, got ${host}`);
  const where = { place: `${host} port ${port}`, ends: undefined };
  const listening = await listen({ host, port, exclusive: true, ipv6Only: true }, where, {
    ...parts,
    limits,
  });
  return {
    address: { host, port: portOf(listening.server) },
    [Symbol.asyncDispose]: () => listening[Symbol.asyncDispose](),
  };
}

/**
 * Listens on a Unix socket that every user of this machine may connect to, as far as the folders
 * above it let them.
 *
 * @throws {ListenFailedError} when something is at the path already, or nothing can be put there
 */
export async function openLocalListener(
  socketPath: string,
  parts: ListenerParts,
  limits: ServerLimits,
): Promise<AsyncDisposable> {
  const options = { path: socketPath, readableAll: true, writableAll: true };
  return await listen(options, { place: socketPath, ends: LOCAL_ENDS }, { ...parts, limits });
}

async function listen(
  options: ListenOptions,
  { place, ends }: { readonly place: string; readonly ends: SocketEnds | undefined },
  { handler, log, limits }: ListenerParts & { readonly limits: ServerLimits },
): Promise<Listening> {
  const connections = new Set<Connection>();
  const server = createHttpServer(handler, limits);
  server.on('connection', (socket) => {
    const connection = handler.connections.accept(socket, ends);
    if (connection === undefined) return;
    connections.add(connection);
    socket.once('close', () => connections.delete(connection));
  });
  try {
    server.listen(options);
    await once(server, 'listening');
  } catch (cause) {
    throw new ListenFailedError(place, cause);
  }
  server.on('error', (error) => log.warn({ error, place }, 'accepting failed'));
  return { server, [Symbol.asyncDispose]: () => closeServer(server, connections) };
}

function createHttpServer({ app }: RequestHandler, limits: ServerLimits): Server {
  const server = createServer(
    {
      headersTimeout: limits.headMs,
      requestTimeout: Math.max(limits.headMs, limits.requestMs),
      connectionsCheckingInterval: Math.max(1, Math.ceil(limits.headMs / 10)),
      keepAliveTimeout: limits.idleMs,
      maxHeaderSize: MOST_HEAD_BYTES,
    },
    (request, response) => app.routing(request, response),
  );
  // No limit but the size: headers beyond a count would be dropped unseen, Origin among them.
  server.maxHeadersCount = 0;
  // Without a listener Node would answer these by itself, before anything was looked at.
  server.on('checkContinue', (request, response) => app.routing(request, response));
  server.on('checkExpectation', (request, response) => app.routing(request, response));
  // Whoever speaks no HTTP, or too slowly, learns nothing.
  server.on('clientError', (_error, socket) => socket.destroy());
  return server;
}

async function closeServer(server: Server, connections: ReadonlySet<Connection>): Promise<void> {
  const serverClosed = once(server, 'close');
  server.close();
  const closed = Promise.all(Array.from(connections, (connection) => connection.closed));
  for (const connection of connections) connection.end();
  const farewell = new AbortController();
  const { signal } = farewell;
  await Promise.race([closed, sleep(FAREWELL_MS, undefined, { signal }).catch(() => undefined)]);
  farewell.abort();
  for (const connection of connections) connection.destroy();
  await Promise.all([closed, serverClosed]);
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
