import type { JobSecrets } from '@peer-cache/protocol';
import { authorizerOf, userInfoOf } from './origin-auth.ts';
import type { Authorizer } from './origin-auth.ts';

/** Where the way from a file's URL has led so far. */
export interface Way {
  readonly first: URL;
  /** False from the first step to another origin on: nothing that is secret goes there, or back. */
  readonly isOwn: boolean;
}

type Headers = Readonly<Record<string, string>>;

const ONLY_FOR_OWN = new Set(['authorization', 'cookie', 'proxy-authorization']);

/** What a job says to origins to be let in: to a file's own origin all, elsewhere nothing. */
export class TransportCredentials {
  readonly #secrets: JobSecrets;
  readonly #headers: Headers;
  /** By origin: each has its own nonces. */
  readonly #authorizers = new Map<string, Authorizer>();

  constructor(secrets: JobSecrets = {}) {
    this.#secrets = secrets;
    this.#headers = lowerCased(secrets.headers ?? {});
  }

  /** The request's own headers, after the job's: what the request needs is not to be overruled. */
  headers(requested: Headers, { isOwn }: Way): Record<string, string> {
    const headers = lowerCased(requested);
    if (isOwn) return { ...this.#headers, ...headers };
    return Object.fromEntries(Object.entries(headers).filter(([name]) => !ONLY_FOR_OWN.has(name)));
  }

  /** The job's credentials before those of the URL, as curl has it; undefined where there are none. */
  authorizer(url: URL, { first, isOwn }: Way): Authorizer | undefined {
    const { origin } = this.#secrets;
    if (isOwn && origin !== undefined) {
      const known = this.#authorizers.get(first.origin) ?? authorizerOf(origin);
      this.#authorizers.set(first.origin, known);
      return known;
    }
    const ofUrl = userInfoOf(url) ?? (isOwn ? userInfoOf(first) : undefined);
    return ofUrl && authorizerOf({ scheme: 'basic', ...ofUrl });
  }
}

function lowerCased(headers: Headers): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
}
