import type { Readable } from 'node:stream';
import { SECOND_MS } from '@peer-cache/core';
import { Agent, buildConnector, request } from 'undici';
import { messageOf, OriginUnreachableError } from './errors.ts';
import { OriginProtocolError, RedirectRefusedError, UnsupportedUrlError } from './errors.ts';
import { field } from './http-fields.ts';
import type { HeaderFields } from './http-fields.ts';
import { isPrivateAddress } from './private-address.ts';
import { shownUrl } from './shown-url.ts';

const CONNECT_TIMEOUT_MS = 10 * SECOND_MS;
const HEADERS_TIMEOUT_MS = 30 * SECOND_MS;
const BODY_TIMEOUT_MS = 30 * SECOND_MS;
const MOST_REDIRECTS = 10;
/** A redirect's target is used again this long: presigned targets outlive it, and each costs a trip. */
const REDIRECT_MEMORY_MS = 60 * SECOND_MS;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const ORIGIN_HEADERS = new Set(['authorization', 'cookie', 'proxy-authorization']);

export interface OriginRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export interface OriginResponse {
  /** Of the answer, after redirects. */
  readonly url: string;
  readonly status: number;
  readonly fields: HeaderFields;
  readonly body: Readable;
}

export interface OriginHttpOptions {
  /** Lets redirects and links of public origins lead into private networks. Off: it is an attack. */
  readonly allowPrivateTargets?: boolean;
  readonly userAgent?: string;
}

interface Remembered {
  readonly target: string;
  readonly untilMs: number;
}

/** HTTP towards origins: pooled connections, redirects with their rules, time-outs, one error for each failure. */
export class OriginHttp implements AsyncDisposable {
  /** Where each host was last found, noted when a connection is made: DNS may have changed since. */
  readonly #lastAddressOf = new Map<string, string>();
  readonly #anywhere: Agent = this.#agentThatReaches(() => true);
  readonly #publicOnly: Agent = this.#agentThatReaches((address) => !isPrivateAddress(address));
  readonly #allowPrivateTargets: boolean;
  readonly #userAgent: string;
  readonly #redirects = new Map<string, Remembered>();

  constructor({ allowPrivateTargets = false, userAgent = 'peer-cache' }: OriginHttpOptions = {}) {
    this.#allowPrivateTargets = allowPrivateTargets;
    this.#userAgent = userAgent;
  }

  /**
   * GETs a URL and follows redirects. Whoever gets the response reads its body or destroys it.
   *
   * @throws {UnsupportedUrlError | OriginUnreachableError | RedirectRefusedError | OriginProtocolError}
   */
  async get(url: string, options: OriginRequest): Promise<OriginResponse> {
    const remembered = this.#redirects.get(url);
    if (remembered !== undefined && performance.now() < remembered.untilMs) {
      const response = await this.#follow(remembered.target, options, url);
      if (response.status < 400) return response;
      response.body.destroy();
    }
    this.#redirects.delete(url);
    const response = await this.#follow(url, options, url);
    if (response.url !== url) {
      const untilMs = performance.now() + REDIRECT_MEMORY_MS;
      this.#redirects.set(url, { target: response.url, untilMs });
    }
    return response;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#anywhere.destroy(), this.#publicOnly.destroy()]);
  }

  async #follow(start: string, options: OriginRequest, asked: string): Promise<OriginResponse> {
    let url = httpUrl(start);
    const first = httpUrl(asked);
    for (let hop = 0; hop <= MOST_REDIRECTS; hop++) {
      const isElsewhere = url.origin !== first.origin;
      const headers = isElsewhere ? withoutCredentials(options.headers) : options.headers;
      const mustBePublic = isElsewhere && !this.#allowPrivateTargets && !this.#isPrivate(first);
      const response = await this.#request(url, { ...options, headers }, mustBePublic);
      const target = REDIRECTS.has(response.status)
        ? field(response.fields, 'location')
        : undefined;
      if (target === undefined) return response;
      response.body.destroy();
      const next = httpUrl(target, url.href);
      if (url.protocol === 'https:' && next.protocol === 'http:') {
        throw new RedirectRefusedError(shownUrl(url), shownUrl(next), 'it would leave TLS');
      }
      url = next;
    }
    throw new OriginProtocolError(shownUrl(first), `more than ${MOST_REDIRECTS} redirects`);
  }

  /** Whether a host was last seen at a private address: then it may lead to others of its network. */
  #isPrivate(url: URL): boolean {
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const address = this.#lastAddressOf.get(host) ?? host;
    return address === 'localhost' || isPrivateAddress(address);
  }

  async #request(url: URL, options: OriginRequest, mustBePublic: boolean): Promise<OriginResponse> {
    try {
      const response = await request(withoutUser(url), {
        dispatcher: mustBePublic ? this.#publicOnly : this.#anywhere,
        headers: {
          'user-agent': this.#userAgent,
          'accept-encoding': 'identity',
          ...credentialsOf(url),
          ...options.headers,
        },
        signal: options.signal,
        headersTimeout: HEADERS_TIMEOUT_MS,
        bodyTimeout: BODY_TIMEOUT_MS,
      });
      const { statusCode: status, headers: fields, body } = response;
      // Who destroys a body early is not interested in why it ended.
      body.on('error', () => undefined);
      return { url: url.href, status, fields, body };
    } catch (cause) {
      options.signal.throwIfAborted();
      if (cause instanceof PrivateTargetError) {
        throw new RedirectRefusedError('a public origin', shownUrl(url), 'a private address');
      }
      throw new OriginUnreachableError(shownUrl(url), messageOf(cause), { cause });
    }
  }

  #agentThatReaches(isAllowed: (address: string) => boolean): Agent {
    const connect = buildConnector({ timeout: CONNECT_TIMEOUT_MS });
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

class PrivateTargetError extends Error {}

/** @throws {UnsupportedUrlError} when it is no http: or https: URL (relative to `base`, if given). */
export function httpUrl(url: string, base?: string): URL {
  const parsed = URL.parse(url, base);
  if (parsed === null || !['http:', 'https:'].includes(parsed.protocol)) {
    throw new UnsupportedUrlError(shownUrl(url));
  }
  return parsed;
}

/** User and password of a URL, as every client sends them: by Basic authentication (RFC 7617). */
function credentialsOf({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

function withoutUser(url: URL): URL {
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  return bare;
}

function withoutCredentials(headers: Readonly<Record<string, string>>): Record<string, string> {
  const kept = Object.entries(headers).filter(([name]) => !ORIGIN_HEADERS.has(name.toLowerCase()));
  return Object.fromEntries(kept);
}
