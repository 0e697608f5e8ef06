import { PeerCacheError, SECOND_MS } from '@peer-cache/core';
import type { Dispatcher } from 'undici';
import { OriginProtocolError, RedirectRefusedError, UnsupportedUrlError } from './errors.ts';
import { field } from './http-fields.ts';
import { errorOfFailure } from './network-failure.ts';
import { askAuthorized } from './origin-auth.ts';
import type { OriginRequest, OriginResponse, OriginSending } from './origin-request.ts';
import { shownUrl } from './shown-url.ts';
import { PrivateTargetError, TransportConnections } from './transport-connections.ts';
import { TransportCredentials } from './transport-credentials.ts';
import type { Way } from './transport-credentials.ts';
import { PLAIN_TRANSPORT } from './transport.ts';
import type { Transport } from './transport.ts';

const MOST_REDIRECTS = 10;
/** A redirect's target is used again this long: presigned targets outlive it, and each costs a trip. */
const REDIRECT_MEMORY_MS = 60 * SECOND_MS;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const SAME_METHOD_REDIRECTS = new Set([307, 308]);

export interface OriginHttpOptions {
  /** Lets redirects and links of public origins lead into private networks. Off: it is an attack. */
  readonly allowPrivateTargets?: boolean;
  readonly userAgent?: string;
  /** Proxies, credentials, certificates and what redirects may do; none of them where absent. */
  readonly transport?: Transport;
}

interface Remembered {
  readonly target: URL;
  readonly way: Way;
  readonly untilMs: number;
}

/**
 * HTTP towards origins: pooled connections, credentials kept to where they belong, redirects with
 * their rules, time-outs, one error for each failure.
 */
export class OriginHttp implements AsyncDisposable {
  readonly #transport: Transport;
  readonly #connections: TransportConnections;
  readonly #credentials: TransportCredentials;
  readonly #allowPrivateTargets: boolean;
  readonly #userAgent: string;
  readonly #redirects = new Map<string, Remembered>();

  /** @throws {CertificateUnusableError} for a transport with certificates that are none */
  constructor({
    allowPrivateTargets = false,
    userAgent = 'peer-cache',
    transport = PLAIN_TRANSPORT,
  }: OriginHttpOptions = {}) {
    this.#allowPrivateTargets = allowPrivateTargets;
    this.#userAgent = userAgent;
    this.#transport = transport;
    this.#connections = new TransportConnections(transport);
    this.#credentials = new TransportCredentials(transport.secrets);
  }

  /**
   * GETs a URL and follows redirects. Whoever gets the response reads its body or destroys it.
   *
   * @throws {UnsupportedUrlError | RedirectRefusedError} for where it leads
   * @throws {OriginUnreachableError | OriginUntrustedError | OriginRefusedError | OriginProtocolError}
   * @throws {ProxyUnreachableError | ProxyRefusedError | ProxyInvalidError}
   */
  async get(url: string, options: OriginRequest): Promise<OriginResponse> {
    const start = httpUrl(url);
    const first = httpUrl(options.linkedFrom ?? url);
    const way = { first, isOwn: start.origin === first.origin };
    const key = `${first.href} ${start.href}`;
    const remembered = this.#redirects.get(key);
    if (remembered !== undefined && performance.now() < remembered.untilMs) {
      const { response } = await this.#follow(remembered.target, options, remembered.way);
      if (response.status < 400) return response;
      response.body.destroy();
    }
    this.#redirects.delete(key);
    const found = await this.#follow(start, options, way);
    const target = new URL(found.response.url);
    if (target.href !== start.href) {
      this.#remember(key, { target, way: found.way });
    }
    return found.response;
  }

  /**
   * Sends a request of another method than GET. Only redirects that keep method and body are
   * followed (307 and 308, RFC 9110 §15.4.8); others are given back as they are.
   *
   * @throws as {@link get} does
   */
  async send(url: string, request: OriginSending): Promise<OriginResponse> {
    const start = httpUrl(url);
    const first = httpUrl(request.linkedFrom ?? url);
    const way = { first, isOwn: start.origin === first.origin };
    return (await this.#follow(start, request, way)).response;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connections[Symbol.asyncDispose]();
  }

  async #follow(
    start: URL,
    options: OriginRequest | OriginSending,
    { first, ...from }: Way,
  ): Promise<{ readonly response: OriginResponse; readonly way: Way }> {
    let url = start;
    let isOwn = from.isOwn;
    for (let hop = 0; hop <= MOST_REDIRECTS; hop++) {
      const response = await this.#request(url, options, { first, isOwn });
      const redirects = 'method' in options ? SAME_METHOD_REDIRECTS : REDIRECTS;
      const target = redirects.has(response.status)
        ? field(response.fields, 'location')
        : undefined;
      if (target === undefined) return { response, way: { first, isOwn } };
      response.body.destroy();
      const next = httpUrl(target, url.href);
      this.#checkRedirect(url, next, first);
      isOwn &&= next.origin === first.origin;
      url = next;
    }
    throw new OriginProtocolError(shownUrl(first), `more than ${MOST_REDIRECTS} redirects`);
  }

  /** Forgets what is past its time: the oldest stand first. */
  #remember(key: string, redirect: Omit<Remembered, 'untilMs'>): void {
    const nowMs = performance.now();
    for (const [old, { untilMs }] of this.#redirects) {
      if (untilMs > nowMs) break;
      this.#redirects.delete(old);
    }
    this.#redirects.set(key, { ...redirect, untilMs: nowMs + REDIRECT_MEMORY_MS });
  }

  #checkRedirect(from: URL, next: URL, first: URL): void {
    const { redirects, allowHttp } = this.#transport;
    const refuse = (reason: string) => {
      throw new RedirectRefusedError(shownUrl(from), shownUrl(next), reason);
    };
    if (redirects === 'refuse') refuse('redirects are refused; use its target, or allow them');
    if (redirects === 'same-origin' && next.origin !== first.origin) {
      refuse('redirects to other origins are refused; use its target, or allow them');
    }
    if (from.protocol === 'https:' && next.protocol === 'http:' && !allowHttp) {
      refuse('it would leave TLS');
    }
  }

  async #request(
    url: URL,
    options: OriginRequest | OriginSending,
    way: Way,
  ): Promise<OriginResponse> {
    const { signal } = options;
    try {
      const { statusCode: status, headers: fields, body } = await this.#ask(url, options, way);
      // Who destroys a body early is not interested in why it ended.
      body.on('error', () => undefined);
      return { url: url.href, status, fields, body };
    } catch (cause) {
      signal.throwIfAborted();
      if (cause instanceof PeerCacheError) throw cause;
      if (cause instanceof PrivateTargetError) {
        throw new RedirectRefusedError('a public origin', shownUrl(url), 'a private address');
      }
      throw errorOfFailure(shownUrl(url), cause);
    }
  }

  async #ask(
    url: URL,
    options: OriginRequest | OriginSending,
    way: Way,
  ): Promise<Dispatcher.ResponseData> {
    const { first, isOwn } = way;
    const mayBePrivate = isOwn || this.#allowPrivateTargets || this.#connections.isPrivate(first);
    const headers = {
      'user-agent': this.#userAgent,
      'accept-encoding': 'identity',
      ...this.#credentials.headers(options.headers, way),
    };
    const { signal, onSent, answerMs } = options;
    const { method, body: makeBody } = 'method' in options ? options : { method: 'GET' as const };
    const route = { method, signal, onSent, answerMs, isOwn, mustBePublic: !mayBePrivate };
    const bare = withoutUser(url);
    // Who names the field is not to be overruled.
    const authorizer =
      'authorization' in headers ? undefined : this.#credentials.authorizer(url, way);
    return await askAuthorized(
      authorizer,
      { method, uri: `${url.pathname}${url.search}`, refusal: 401 },
      {
        ask: async (authorization) => {
          const credentials = authorization === undefined ? {} : { authorization };
          return await this.#connections.send(bare, {
            ...route,
            headers: { ...headers, ...credentials },
            body: makeBody?.() ?? null,
          });
        },
        giveUp: async ({ body }) => await body.dump(),
      },
    );
  }
}

/** @throws {UnsupportedUrlError} when it is no http: or https: URL (relative to `base`, if given). */
export function httpUrl(url: string, base?: string): URL {
  const parsed = URL.parse(url, base);
  if (parsed === null || !['http:', 'https:'].includes(parsed.protocol)) {
    throw new UnsupportedUrlError(shownUrl(url));
  }
  return parsed;
}

function withoutUser(url: URL): URL {
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  return bare;
}
