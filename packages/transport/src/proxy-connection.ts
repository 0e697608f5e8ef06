import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { SecureContext } from 'node:tls';
import { SECOND_MS } from '@peer-cache/core';
import type { PeerCacheError } from '@peer-cache/core';
import type { Credentials } from '@peer-cache/protocol';
import { Agent, buildConnector } from 'undici';
import type { Dispatcher } from 'undici';
import { OriginUnreachableError, ProxyRefusedError, ProxyUnreachableError } from './errors.ts';
import type { HeaderFields } from './http-fields.ts';
import { errorOfFailure, networkFailure } from './network-failure.ts';
import { askAuthorized, authorizerOf, userInfoOf } from './origin-auth.ts';
import type { Authorizer } from './origin-auth.ts';
import { errorOfStatus } from './origin-status.ts';
import { shownUrl } from './shown-url.ts';

const CONNECT_TIMEOUT_MS = 10 * SECOND_MS;
/** A proxy may look for the origin for as long as a request may wait for its header. */
const TUNNEL_TIMEOUT_MS = 30 * SECOND_MS;

export interface ProxyOptions {
  readonly credentials?: Credentials | undefined;
  /** For a proxy that is itself reached by TLS. */
  readonly secureContext?: SecureContext | undefined;
}

/** What is forwarded: everything of a request but where it goes. */
export type Forwarded = Omit<Dispatcher.RequestOptions, 'origin' | 'path' | 'headers'> & {
  readonly headers: Readonly<Record<string, string>>;
};

/**
 * Connections to one proxy. undici's own ProxyAgent is not used: it takes credentials once and
 * for all and keeps the challenge of a 407 to itself, so that digests can't be answered.
 */
export class ProxyConnection implements AsyncDisposable {
  readonly #url: URL;
  readonly #agent: Agent;
  readonly #authorizer: Authorizer | undefined;
  readonly #stop = new AbortController();

  constructor(url: URL, { credentials, secureContext }: ProxyOptions = {}) {
    this.#url = url;
    const ofUrl = userInfoOf(url);
    const given = credentials ?? (ofUrl && { scheme: 'basic', ...ofUrl });
    this.#authorizer = given && authorizerOf(given);
    const tls = secureContext === undefined ? {} : { secureContext };
    // Forwarding and CONNECT are HTTP/1.1 (RFC 9112 §3.2).
    const connect = buildConnector({ timeout: CONNECT_TIMEOUT_MS, allowH2: false, ...tls });
    this.#agent = new Agent({
      allowH2: false,
      // undici takes the name for TLS from the field Host, which is the origin's.
      connect: (options, callback) => connect({ ...options, servername: '' }, callback),
    });
  }

  /**
   * Sends a request for an `http:` URL through the proxy (RFC 9112 §3.2.2).
   *
   * @throws {ProxyUnreachableError | ProxyRefusedError | OriginUntrustedError}
   */
  async forward(url: URL, options: Forwarded): Promise<Dispatcher.ResponseData> {
    const uri = `${url.origin}${url.pathname}${url.search}`;
    const answer = await askAuthorized(
      this.#authorizer,
      { method: options.method, uri, refusal: 407 },
      {
        ask: async (authorization) => {
          const headers = {
            ...options.headers,
            host: url.host,
            ...credentialsField(authorization),
          };
          const request = { ...options, origin: this.#url.origin, path: uri, headers };
          return await this.#reach(() => this.#agent.request(request));
        },
        giveUp: async ({ body }) => await body.dump(),
      },
    );
    if (answer.statusCode !== 407) return answer;
    answer.body.on('error', () => undefined).destroy();
    throw new ProxyRefusedError(shownUrl(url), 407);
  }

  /**
   * A connection to `host:port` through the proxy (RFC 9110 §9.3.6).
   *
   * @throws {ProxyUnreachableError | ProxyRefusedError | OriginUntrustedError}
   * @throws {OriginUnreachableError} where the proxy itself did not reach it
   */
  async tunnel(authority: string): Promise<Socket> {
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(TUNNEL_TIMEOUT_MS)]);
    const { statusCode, headers, socket } = await askAuthorized(
      this.#authorizer,
      { method: 'CONNECT', uri: authority, refusal: 407 },
      {
        ask: async (authorization) => {
          const fields = { host: authority, ...credentialsField(authorization) };
          const request = { origin: this.#url.origin, path: authority, headers: fields, signal };
          return await this.#reach(() => this.#agent.connect(request));
        },
        giveUp: async (answer) => abandon(answer.socket),
      },
    );
    if (statusCode >= 200 && statusCode < 300 && socket instanceof Socket) return socket;
    abandon(socket);
    throw refusalOf(authority, statusCode, headers);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('the proxy is needed no more'));
    await this.#agent.destroy();
  }

  async #reach<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (cause) {
      const { code, reason } = networkFailure(cause);
      if (code !== 'ORIGIN_UNREACHABLE') throw errorOfFailure(shownUrl(this.#url), cause);
      throw new ProxyUnreachableError(shownUrl(this.#url), reason, { cause });
    }
  }
}

/** Any refusal of a tunnel is the proxy's, whatever its status means from an origin. */
function refusalOf(authority: string, status: number, fields: HeaderFields): PeerCacheError {
  const error = errorOfStatus(authority, status, fields);
  if (!error.transient) return new ProxyRefusedError(authority, status);
  return new OriginUnreachableError(authority, `the proxy answered HTTP ${status}`);
}

function credentialsField(authorization: string | undefined): Record<string, string> {
  return authorization === undefined ? {} : { 'proxy-authorization': authorization };
}

function abandon(socket: Duplex): void {
  // Whatever happens to a connection that is given up is of no interest.
  socket.on('error', () => undefined).destroy();
}
