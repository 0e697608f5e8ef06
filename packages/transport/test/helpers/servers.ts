import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { ServerOptions } from 'node:https';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';

const HOP_BY_HOP = new Set(['host', 'connection', 'proxy-authorization']);

export interface TestServer extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  /** The requests so far. */
  readonly requests: readonly IncomingMessage[];
}

/** A real origin on loopback that answers as the test says; over TLS, if it gets a certificate. */
export async function startOrigin(
  answer: RequestListener = (_, response) => response.end('content'),
  tls?: ServerOptions,
): Promise<TestServer> {
  const requests: IncomingMessage[] = [];
  const listener: RequestListener = (request, response) => {
    requests.push(request);
    answer(request, response);
  };
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  // Handshakes that a test lets fail.
  server.on('tlsClientError', () => undefined);
  return await listening(server, requests, tls === undefined ? 'http' : 'https');
}

/**
 * A real forward proxy on loopback. Whatever host is asked for, it connects to `port` of this
 * machine, so that tests can use names of their own; `admits` sees each request first.
 */
export async function startProxy({
  admits = () => ({ status: 200 }),
  port,
  tls,
}: {
  readonly admits?: (request: IncomingMessage) => { status: number; challenge?: string };
  readonly port: number;
  readonly tls?: ServerOptions;
}): Promise<TestServer> {
  const requests: IncomingMessage[] = [];
  const forward: RequestListener = (request, response) => {
    requests.push(request);
    const { status, challenge } = admits(request);
    if (status !== 200) {
      response.writeHead(
        status,
        challenge === undefined ? {} : { 'proxy-authenticate': challenge },
      );
      response.end();
      return;
    }
    void fetchFrom(port, request).then(({ status: found, headers, text }) =>
      response.writeHead(found, headers).end(text),
    );
  };
  const server = tls === undefined ? createServer(forward) : createTlsServer(tls, forward);
  server.on('connect', (request: IncomingMessage, socket: Duplex) => {
    requests.push(request);
    socket.on('error', () => undefined);
    const { status, challenge } = admits(request);
    const field = challenge === undefined ? '' : `proxy-authenticate: ${challenge}\r\n`;
    if (status !== 200) {
      socket.end(`HTTP/1.1 ${status} No\r\n${field}content-length: 0\r\n\r\n`);
      return;
    }
    const target = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connected\r\n\r\n');
      target.pipe(socket).pipe(target);
    });
    target.on('error', () => socket.destroy());
  });
  return await listening(server, requests, tls === undefined ? 'http' : 'https');
}

/** Whether the other side of a TLS request showed a certificate that the server trusts. */
export function isKnown(request: IncomingMessage): boolean {
  return request.socket instanceof TLSSocket && request.socket.authorized;
}

async function fetchFrom(port: number, request: IncomingMessage) {
  const { pathname, search } = new URL(request.url ?? '');
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    if (typeof value === 'string' && !HOP_BY_HOP.has(name)) headers.set(name, value);
  }
  const url = `http://127.0.0.1:${port}${pathname}${search}`;
  const answer = await fetch(url, { headers, redirect: 'manual' });
  const location = answer.headers.get('location');
  const kept = location === null ? {} : { location };
  return { status: answer.status, headers: kept, text: await answer.text() };
}

async function listening(
  server: Server,
  requests: readonly IncomingMessage[],
  scheme: 'http' | 'https',
): Promise<TestServer> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    port,
    url: `${scheme}://127.0.0.1:${port}`,
    requests,
    async [Symbol.asyncDispose]() {
      // Tunnels are no requests: closeAllConnections would leave them open.
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
