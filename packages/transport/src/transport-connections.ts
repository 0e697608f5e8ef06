import type { Readable } from 'node:stream';
import type { SecureContext } from 'node:tls';
import { SECOND_MS, asError } from '@peer-cache/core';
import { Agent, buildConnector, request } from 'undici';
import type { Dispatcher } from 'undici';
import type { RequestBody, UploadMethod } from './origin-request.ts';
import { isPrivateAddress, isPrivateHost } from './private-address.ts';
import { proxyFor } from './proxy-choice.ts';
import { ProxyConnection } from './proxy-connection.ts';
import { paceReads } from './read-pace.ts';
import { noticing } from './sent-notice.ts';
import { tlsContexts } from './transport-tls.ts';
import type { TlsContexts } from './transport-tls.ts';
import type { Transport } from './transport.ts';

const CONNECT_TIMEOUT_MS = 10 * SECOND_MS;
const HEADERS_TIMEOUT_MS = 30 * SECOND_MS;
const BODY_TIMEOUT_MS = 30 * SECOND_MS;
const HTTPS_PORT = '443';

export interface SendOptions {
  readonly method: 'GET' | UploadMethod;
  readonly body: RequestBody | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Whether the URL is at the file's own origin, which alone is shown the client certificate. */
  readonly isOwn: boolean;
  /** Whether a private address must not be reached. */
  readonly mustBePublic: boolean;
  readonly answerMs?: number | undefined;
  /** Told when it goes out, by a connection that is not a proxy's. */
  readonly onSent?: (() => void) | undefined;
}

/** A way led to a private address that must not. */
export class PrivateTargetError extends Error {}

/** Pools of connections by what they may show and reach, direct or through the job's proxy. */
export class TransportConnections implements AsyncDisposable {
  readonly #transport: Transport;
  readonly #tls: TlsContexts;
  readonly #agents = new Map<string, Agent>();
  readonly #proxies = new Map<string, ProxyConnection>();
  /** Where each host was last found, noted when a connection is made: DNS may have changed since. */
  readonly #lastAddressOf = new Map<string, string>();

  /** @throws {CertificateUnusableError} for a client certificate or authorities that are none */
  constructor(transport: Transport) {
    this.#transport = transport;
    const { ca, secrets } = transport;
    this.#tls = tlsContexts({ ca, clientCertificate: secrets?.clientCertificate });
  }

  /** Sends a request for a URL without user info. Whoever gets the response reads its body or destroys it. */
  async send(
    url: URL,
    { isOwn, mustBePublic, onSent, answerMs = HEADERS_TIMEOUT_MS, ...sent }: SendOptions,
  ): Promise<Dispatcher.ResponseData> {
    const options = {
      ...sent,
      // undici takes whatever can be iterated, as its documentation has it and its types don't.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      body: sent.body as Uint8Array | Readable | null,
      headersTimeout: answerMs,
      bodyTimeout: BODY_TIMEOUT_MS,
    };
    // By way of a proxy, which looks up names, only what the URL itself says can be checked.
    if (mustBePublic && isPrivateHost(url.hostname)) {
      throw new PrivateTargetError(`${url.hostname} is private`);
    }
    const proxy = this.#proxyFor(url);
    if (proxy === undefined) {
      const dispatcher = noticing(this.#direct(isOwn, mustBePublic), onSent);
      return await request(url, { ...options, dispatcher });
    }
    if (url.protocol === 'http:') return await proxy.forward(url, options);
    const dispatcher = noticing(this.#tunnelled(proxy, isOwn), onSent);
    return await request(url, { ...options, dispatcher });
  }

  /** Whether a host was last seen at a private address: then it may lead to others of its network. */
  isPrivate(url: URL): boolean {
    if (this.#proxyFor(url) !== undefined) return isPrivateHost(url.hostname);
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const address = this.#lastAddressOf.get(host) ?? host;
    return address === 'localhost' || isPrivateAddress(address);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const agents = [...this.#agents.values()].map(async (agent) => await agent.destroy());
    const proxies = [...this.#proxies.values()].map(
      async (each) => await each[Symbol.asyncDispose](),
    );
    await Promise.all([...agents, ...proxies]);
  }

  #proxyFor(url: URL): ProxyConnection | undefined {
    const { proxy, environment, secrets } = this.#transport;
    const address = proxyFor(url, proxy, environment);
    if (address === undefined) return undefined;
    const secureContext = this.#tls.elsewhere;
    return remembered(
      this.#proxies,
      address.href,
      () => new ProxyConnection(address, { credentials: secrets?.proxy, secureContext }),
    );
  }

  #direct(isOwn: boolean, mustBePublic: boolean): Agent {
    return this.#agentFor(isOwn, mustBePublic ? 'public' : 'anywhere', (connect) =>
      this.#agentThatReaches((address) => !mustBePublic || !isPrivateAddress(address), connect),
    );
  }

  #tunnelled(proxy: ProxyConnection, isOwn: boolean): Agent {
    return this.#agentFor(
      isOwn,
      'tunnel',
      (connect) =>
        new Agent({
          connect: (options, callback) => void connectThrough(proxy, connect, options, callback),
        }),
    );
  }

  /** Where there is no client certificate to keep back, own and other origins share connections. */
  #agentFor(
    isOwn: boolean,
    kind: 'public' | 'anywhere' | 'tunnel',
    make: (connect: buildConnector.connector) => Agent,
  ): Agent {
    const { own, elsewhere } = this.#tls;
    const key = isOwn && own !== elsewhere ? `own-${kind}` : kind;
    return remembered(this.#agents, key, () => make(connectorWith(isOwn ? own : elsewhere)));
  }

  #agentThatReaches(
    isAllowed: (address: string) => boolean,
    connect: buildConnector.connector,
  ): Agent {
    return new Agent({
      connect: (options, callback) => {
        connect(options, (error, socket) => {
          if (error !== null) return callback(error, null);
          const address = socket.remoteAddress ?? '';
          // Checked on the address actually connected to: a name that changes gets past nothing.
          if (!isAllowed(address)) {
            socket.destroy();
            return callback(new PrivateTargetError(`${address} is private`), null);
          }
          this.#lastAddressOf.set(options.hostname, address);
          return callback(null, socket);
        });
      },
    });
  }
}

/** Never rejects: what fails goes to undici's callback. */
async function connectThrough(
  proxy: ProxyConnection,
  connect: buildConnector.connector,
  ...[options, callback]: Parameters<buildConnector.connector>
): Promise<void> {
  try {
    const httpSocket = await proxy.tunnel(`${options.hostname}:${options.port || HTTPS_PORT}`);
    connect({ ...options, httpSocket }, callback);
  } catch (error) {
    callback(asError(error), null);
  }
}

function connectorWith(secureContext: SecureContext | undefined): buildConnector.connector {
  const tls = secureContext === undefined ? {} : { secureContext };
  const connect = buildConnector({ timeout: CONNECT_TIMEOUT_MS, ...tls });
  return (options, callback) => {
    connect(options, (...result) => {
      const [error, socket] = result;
      // An alert comes after the handshake in TLS 1.3, and an end behind it: undici would forget
      // the alert for the end, and nobody would learn that a certificate was wanted.
      socket?.once('error', (alert) => socket.destroy(alert));
      if (error === null && socket !== null) paceReads(socket);
      callback(...result);
    });
  };
}

function remembered<T>(kept: Map<string, T>, key: string, make: () => T): T {
  let value = kept.get(key);
  if (value === undefined) {
    value = make();
    kept.set(key, value);
  }
  return value;
}
