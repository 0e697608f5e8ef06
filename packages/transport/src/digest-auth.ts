import { createHash, randomBytes } from 'node:crypto';
import type { Challenge } from './http-fields.ts';

/** Any characters; the user without a colon in Basic authentication. */
export interface UserPassword {
  readonly user: string;
  readonly password: string;
}

/** What a digest is made of (RFC 7616 §3.4.1). Texts are bytes: one character for each. */
export interface DigestInput {
  readonly algorithm: DigestAlgorithm;
  readonly user: string;
  readonly password: string;
  readonly realm: string;
  readonly nonce: string;
  readonly method: string;
  readonly uri: string;
  /** Absent for a server of the time before quality of protection (RFC 2069). */
  readonly count?: { readonly nc: string; readonly cnonce: string } | undefined;
  /** The client nonce of a session algorithm. */
  readonly sessionCnonce?: string | undefined;
}

/** A hash, by its name here and in the protocol; `-sess` is told apart from it. */
export interface DigestAlgorithm {
  readonly name: string;
  readonly hash: 'sha512-256' | 'sha256' | 'md5';
  readonly isSession: boolean;
}

interface Session {
  readonly algorithm: DigestAlgorithm;
  readonly realm: string;
  readonly nonce: string;
  readonly cnonce: string;
  readonly opaque: string | undefined;
  readonly hasQop: boolean;
  readonly wantsUserHash: boolean;
  count: number;
}

/** The strongest first: we choose, because whoever sits between could take the strong ones away. */
const HASHES = [
  { name: 'SHA-512-256', hash: 'sha512-256' },
  { name: 'SHA-256', hash: 'sha256' },
  { name: 'MD5', hash: 'md5' },
] as const;
const ALGORITHMS: readonly DigestAlgorithm[] = HASHES.flatMap(({ name, hash }) => [
  { name, hash, isSession: false },
  { name: `${name}-sess`, hash, isSession: true },
]);
const CNONCE_BYTES = 16;

/**
 * Digest authentication for one user (RFC 7616, with `qop=auth` or none): answers challenges and
 * uses a nonce again, counting, until the server gives another.
 */
export class DigestAuth {
  readonly #user: string;
  readonly #password: string;
  readonly #newCnonce: () => string;
  #session: Session | undefined;

  constructor(
    { user, password }: UserPassword,
    newCnonce: () => string = () => randomBytes(CNONCE_BYTES).toString('hex'),
  ) {
    this.#user = bytesOf(user);
    this.#password = bytesOf(password);
    this.#newCnonce = newCnonce;
  }

  /** The field for the next request; undefined until there was a challenge. */
  authorization(method: string, uri: string): string | undefined {
    const session = this.#session;
    if (session === undefined) return undefined;
    const { algorithm, realm, nonce, cnonce, opaque, hasQop } = session;
    const nc = (++session.count).toString(16).padStart(8, '0');
    const response = digestResponse({
      algorithm,
      user: this.#user,
      password: this.#password,
      realm,
      nonce,
      method,
      uri,
      count: hasQop ? { nc, cnonce } : undefined,
      sessionCnonce: cnonce,
    });
    return [
      `Digest ${this.#userField(session)}, realm=${quoted(realm)}, nonce=${quoted(nonce)}`,
      `uri=${quoted(uri)}, algorithm=${algorithm.name}, response="${response}"`,
      ...(hasQop || algorithm.isSession ? [`cnonce="${cnonce}"`] : []),
      ...(hasQop ? [`qop=auth, nc=${nc}`] : []),
      ...(opaque === undefined ? [] : [`opaque=${quoted(opaque)}`]),
      ...(session.wantsUserHash ? ['userhash=true'] : []),
    ].join(', ');
  }

  /**
   * Takes the strongest challenge that we can answer. True when the same request is worth another
   * try: always after its first, later only where the nonce was merely stale.
   */
  challenged(
    challenges: readonly Challenge[],
    { isFirst }: { readonly isFirst: boolean },
  ): boolean {
    const [best] = challenges
      .flatMap((challenge) => this.#sessionFor(challenge) ?? [])
      .toSorted((a, b) => ALGORITHMS.indexOf(a.algorithm) - ALGORITHMS.indexOf(b.algorithm));
    if (best === undefined) return false;
    if (!isFirst && !challenges.some(isStale)) return false;
    const isKnown = this.#session?.nonce === best.nonce && this.#session.realm === best.realm;
    // A parallel request had the same challenge: two counts for one nonce would look like a replay.
    if (!isKnown) this.#session = best;
    return true;
  }

  #sessionFor({ scheme, parameters }: Challenge): Session | undefined {
    const name = parameters.get('algorithm')?.toLowerCase() ?? 'md5';
    const algorithm = ALGORITHMS.find((each) => each.name.toLowerCase() === name);
    const realm = parameters.get('realm');
    const nonce = parameters.get('nonce');
    const qop = parameters
      .get('qop')
      ?.toLowerCase()
      .split(/[\s,]+/);
    if (scheme !== 'digest' || algorithm === undefined || qop?.includes('auth') === false) {
      return undefined;
    }
    if (realm === undefined || nonce === undefined) return undefined;
    return {
      algorithm,
      realm,
      nonce,
      cnonce: this.#newCnonce(),
      opaque: parameters.get('opaque'),
      hasQop: qop !== undefined,
      wantsUserHash: parameters.get('userhash')?.toLowerCase() === 'true',
      count: 0,
    };
  }

  /** A quoted string holds ASCII safely; other names go by their hash or percent-encoded. */
  #userField({ algorithm, realm, wantsUserHash }: Session): string {
    const user = this.#user;
    if (wantsUserHash) return `username="${hashOf(algorithm, `${user}:${realm}`)}"`;
    if (/^[\x20-\x7e]*$/.test(user)) return `username=${quoted(user)}`;
    return `username*=UTF-8''${percentEncoded(user)}`;
  }
}

/** The `response` of a digest (RFC 7616 §3.4.1), in hexadecimal digits. */
export function digestResponse(input: DigestInput): string {
  const { algorithm, user, password, realm, nonce, method, uri, count } = input;
  const secret = hashOf(algorithm, `${user}:${realm}:${password}`);
  const ha1 = algorithm.isSession
    ? hashOf(algorithm, `${secret}:${nonce}:${input.sessionCnonce ?? ''}`)
    : secret;
  const middle = count === undefined ? nonce : `${nonce}:${count.nc}:${count.cnonce}:auth`;
  return hashOf(algorithm, `${ha1}:${middle}:${hashOf(algorithm, `${method}:${uri}`)}`);
}

function hashOf({ hash }: DigestAlgorithm, text: string): string {
  return createHash(hash).update(text, 'latin1').digest('hex');
}

/** UTF-8, one character for each byte: so header fields carry bytes, and so they came. */
function bytesOf(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

function percentEncoded(bytes: string): string {
  return bytes.replaceAll(
    /[^\w.~-]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

function isStale({ parameters }: Challenge): boolean {
  return parameters.get('stale')?.toLowerCase() === 'true';
}
