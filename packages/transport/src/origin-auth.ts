import type { Credentials } from '@peer-cache/protocol';
import { DigestAuth } from './digest-auth.ts';
import type { UserPassword } from './digest-auth.ts';
import { challenges } from './http-fields.ts';
import type { Challenge, HeaderFields } from './http-fields.ts';

/** What a request says to be let in by one server or proxy. */
export interface Authorizer {
  /** The field for the next request; undefined where there is nothing to say yet. */
  authorization(method: string, uri: string): string | undefined;
  /** Takes the challenges of a refusal; true when the same request is worth another try. */
  challenged(challenges: readonly Challenge[], options: { readonly isFirst: boolean }): boolean;
}

/** Which of the two dialogues of RFC 9110 §11 it is: with the origin, or with a proxy. */
export interface AuthorizedRequest {
  readonly method: string;
  /** As it stands in the request line. */
  readonly uri: string;
  readonly refusal: 401 | 407;
}

/** The part of an answer that matters here. */
export interface Challengeable {
  readonly statusCode: number;
  readonly headers: HeaderFields;
}

/** The first try, one with an answer to the challenge, one more where the nonce was stale. */
const MOST_TRIES = 3;

/**
 * Basic and bearer credentials are sent with the first request, as curl does: waiting for a
 * challenge would cost each connection a round trip. Digest needs the challenge's nonce.
 */
export function authorizerOf(credentials: Credentials): Authorizer {
  if (credentials.scheme === 'bearer') return always(`Bearer ${credentials.token}`);
  if (credentials.scheme === 'digest') return new DigestAuth(credentials);
  return always(basicAuthorization(credentials));
}

/** User and password of a URL; what is not percent-encoded rightly stands for itself. */
export function userInfoOf(url: URL): UserPassword | undefined {
  if (url.username === '' && url.password === '') return undefined;
  return { user: decoded(url.username), password: decoded(url.password) };
}

/** Asks, and asks again for as long as the authorizer has an answer to the challenge. */
export async function askAuthorized<T extends Challengeable>(
  authorizer: Authorizer | undefined,
  { method, uri, refusal }: AuthorizedRequest,
  {
    ask,
    giveUp,
  }: {
    readonly ask: (authorization: string | undefined) => Promise<T>;
    /** Frees the connection of an answer that is not used. */
    readonly giveUp: (answer: T) => Promise<void>;
  },
): Promise<T> {
  const name = refusal === 401 ? 'www-authenticate' : 'proxy-authenticate';
  for (let tries = 1; ; tries++) {
    const answer = await ask(authorizer?.authorization(method, uri));
    if (answer.statusCode !== refusal || tries === MOST_TRIES) return answer;
    const asked = challenges(answer.headers, name);
    if (authorizer?.challenged(asked, { isFirst: tries === 1 }) !== true) return answer;
    await giveUp(answer);
  }
}

function always(authorization: string): Authorizer {
  return { authorization: () => authorization, challenged: () => false };
}

/** User and password by Basic authentication, in UTF-8 (RFC 7617). */
function basicAuthorization({ user, password }: UserPassword): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // `%zz` is no encoding of anything: a password may hold it.
    return text;
  }
}
