import type { PeerCacheError } from '@peer-cache/core';
import { messageOf } from '@peer-cache/core';
import type { ErrorContext } from '@peer-cache/protocol';
import {
  OriginProtocolError,
  OriginRefusedError,
  OriginUnreachableError,
  OriginUntrustedError,
} from './errors.ts';

/** What became of a request that got no answer. */
export interface NetworkFailure {
  readonly code: 'ORIGIN_UNREACHABLE' | 'ORIGIN_UNTRUSTED' | 'ORIGIN_REFUSED' | 'ORIGIN_PROTOCOL';
  readonly transient: boolean;
  readonly context: ErrorContext;
  /** What happened, and the way out where there is one. */
  readonly reason: string;
}

interface Row extends Omit<NetworkFailure, 'transient' | 'reason'> {
  readonly codes: readonly (string | RegExp)[];
  /** Absent: what the failure itself says. */
  readonly reason?: string;
}

const UNREACHABLE = { code: 'ORIGIN_UNREACHABLE', context: 'general-transport' } as const;
const UNTRUSTED = { code: 'ORIGIN_UNTRUSTED', context: 'general-transport' } as const;
const REFUSED = { code: 'ORIGIN_REFUSED', context: 'remote-file' } as const;
const PROTOCOL = { code: 'ORIGIN_PROTOCOL', context: 'remote-file' } as const;
const RENEW = 'whoever runs it has to renew it';
const NAME_AUTHORITY = 'name its certificate authority in caFile, if you trust it';

/** The deepest code of a failure that a row names decides; the first row that names it. */
const ROWS: readonly Row[] = [
  // A cut in the middle of an answer, not an answer that is wrong.
  { ...UNREACHABLE, codes: ['HPE_INVALID_EOF_STATE', 'HPE_CLOSED_CONNECTION'] },
  { ...PROTOCOL, codes: [/^HPE_/], reason: 'what it sent is no HTTP' },
  { ...PROTOCOL, codes: ['UND_ERR_HEADERS_OVERFLOW'], reason: 'its header is too large' },

  {
    ...UNTRUSTED,
    codes: ['CERT_HAS_EXPIRED'],
    reason: `its certificate has expired; ${RENEW}, or this machine's clock is wrong`,
  },
  {
    ...UNTRUSTED,
    codes: ['CERT_NOT_YET_VALID'],
    reason: "its certificate is not valid yet; set this machine's clock",
  },
  {
    ...UNTRUSTED,
    codes: ['DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN'],
    reason: `its certificate is signed by nobody we trust; ${NAME_AUTHORITY}`,
  },
  {
    ...UNTRUSTED,
    codes: [/^UNABLE_TO_GET_ISSUER_CERT/, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'CERT_UNTRUSTED'],
    reason: `its certificate leads to no authority we trust; ${NAME_AUTHORITY}, or whoever runs it has to send the whole chain`,
  },
  {
    ...UNTRUSTED,
    codes: [/^ERR_TLS_CERT_ALTNAME_/, 'HOSTNAME_MISMATCH', 'IP_ADDRESS_MISMATCH'],
    reason: 'its certificate is for another host; use the name that stands in it',
  },
  { ...UNTRUSTED, codes: ['CERT_REVOKED'], reason: `its certificate was revoked; ${RENEW}` },
  {
    ...UNTRUSTED,
    codes: [
      /^CERT_(?:REJECTED|SIGNATURE_FAILURE|CHAIN_TOO_LONG)$/,
      /^UNABLE_TO_(?:DECRYPT_CERT|DECODE_ISSUER)/,
      /^ERROR_IN_CERT_/,
      /^(?:INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|EE_KEY_TOO_SMALL|CA_KEY_TOO_SMALL|CA_MD_TOO_WEAK)$/,
      /^(?:CRL_|UNABLE_TO_GET_CRL)/,
    ],
    reason: `its certificate can't be used; ${RENEW}`,
  },

  {
    ...REFUSED,
    // TLS alerts about a certificate of ours (RFC 8446 §6.2).
    codes: [
      /ALERT_(?:CERTIFICATE_|BAD_CERTIFICATE|UNKNOWN_CA|UNSUPPORTED_CERTIFICATE|ACCESS_DENIED)/,
    ],
    reason: 'the client certificate is missing or not accepted',
  },
  {
    ...PROTOCOL,
    codes: [
      /^ERR_SSL_(?:WRONG_VERSION_NUMBER|UNSUPPORTED_PROTOCOL|NO_PROTOCOLS_AVAILABLE|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST)$/,
      /^ERR_SSL_.*(?:ALERT_PROTOCOL_VERSION|ALERT_HANDSHAKE_FAILURE|INSUFFICIENT_SECURITY)$/,
    ],
    reason: 'it speaks no TLS that we can, or wants a client certificate; is the port right?',
  },
  {
    ...PROTOCOL,
    codes: [/^ERR_SSL_.*UNRECOGNIZED_NAME$/],
    reason: 'it knows no host of that name; check the address',
  },

  { ...UNREACHABLE, codes: ['ENOTFOUND'], reason: 'its name is not known' },
  {
    ...UNREACHABLE,
    codes: [/^EAI_/, 'ENODATA', 'ESERVFAIL', 'EREFUSED', 'ETIMEOUT'],
    reason: 'its name could not be looked up',
  },
  { ...UNREACHABLE, codes: ['ECONNREFUSED'], reason: 'nothing listens there' },
  {
    ...UNREACHABLE,
    codes: ['ETIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT'],
    reason: 'it did not answer in time',
  },
  {
    ...UNREACHABLE,
    codes: ['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'],
    reason: 'it was silent for too long',
  },
  {
    ...UNREACHABLE,
    codes: ['ENETUNREACH', 'ENETDOWN', 'EHOSTUNREACH', 'EHOSTDOWN', 'EADDRNOTAVAIL'],
    reason: 'there is no network that leads there',
  },
  {
    ...UNREACHABLE,
    codes: ['ECONNRESET', 'ECONNABORTED', 'EPIPE', 'UND_ERR_SOCKET', 'UND_ERR_CLOSED'],
    reason: 'the connection broke off',
  },
];

const MOST_CAUSES = 8;

/**
 * What a failure of undici or Node means, by the codes along its causes. What no row names (an
 * alert `internal error`, a bad record on a bad line) may pass, as everything else does for BITS.
 */
export function networkFailure(error: unknown): NetworkFailure {
  const chain = causesOf(error).toReversed();
  for (const cause of chain) {
    const row = rowOf(codeOf(cause));
    if (row === undefined) continue;
    const { code, context, reason = messageOf(cause) } = row;
    return { code, transient: code === 'ORIGIN_UNREACHABLE', context, reason };
  }
  return { ...UNREACHABLE, transient: true, reason: messageOf(error) };
}

/** The same as an error about a URL, shown without its secrets by the caller. */
export function errorOfFailure(url: string, cause: unknown): PeerCacheError {
  const { code, reason } = networkFailure(cause);
  if (code === 'ORIGIN_UNTRUSTED') return new OriginUntrustedError(url, reason, { cause });
  if (code === 'ORIGIN_REFUSED') return new OriginRefusedError(url, reason, { cause });
  if (code === 'ORIGIN_PROTOCOL') return new OriginProtocolError(url, reason, { cause });
  return new OriginUnreachableError(url, reason, { cause });
}

/** The error and what it came from, the outermost first; several addresses tried count as one each. */
function causesOf(error: unknown): unknown[] {
  const causes = [error];
  for (const cause of causes) {
    if (causes.length >= MOST_CAUSES) break;
    if (cause instanceof AggregateError) causes.push(...cause.errors);
    if (cause instanceof Error && cause.cause !== undefined) causes.push(cause.cause);
  }
  return causes;
}

function codeOf(cause: unknown): string | undefined {
  if (!(cause instanceof Error)) return undefined;
  if ('code' in cause && typeof cause.code === 'string') return cause.code;
  // undici's parser leaves its code out (8.12: it looks a number up by name).
  return cause.name === 'HTTPParserError' ? 'HPE_UNKNOWN' : undefined;
}

function rowOf(code: string | undefined): Row | undefined {
  if (code === undefined) return undefined;
  return ROWS.find(({ codes }) =>
    codes.some((each) => (typeof each === 'string' ? each === code : each.test(code))),
  );
}
