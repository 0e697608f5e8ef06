import type { ByteRange } from '@peer-cache/core';
import { MINUTE_MS, SECOND_MS } from '@peer-cache/core';
import LinkHeader from 'http-link-header';

/** Header fields by lower-case name, as undici gives them. */
export type HeaderFields = Readonly<Record<string, string | readonly string[] | undefined>>;

/** What a `Content-Range` says; `sizeBytes` is undefined where the server wrote `*`. */
export interface ContentRange extends ByteRange {
  readonly sizeBytes: number | undefined;
}

/** One challenge of a server or proxy that wants credentials (RFC 9110 §11.6.1), names in lower case. */
export interface Challenge {
  readonly scheme: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const CONTENT_RANGE = /^bytes (\d{1,15})-(\d{1,15})\/(?:(\d{1,15})|\*)$/i;
const STRONG_ETAG = /^"[\x21\x23-\x7e\x80-\xff]*"$/;
/** A scheme, or a parameter with its value quoted or bare. */
const CHALLENGE_PART =
  /(?<name>[\w!#$%&'*+.^`|~-]+)(?:\s*=\s*(?:"(?<quoted>(?:[^"\\]|\\.)*)"|(?<bare>[\w!#$%&'*+.^`|~-]+)))?/g;
const NUMBER = /^\d{1,15}$/;

/** The only value of a field; several are joined as RFC 9110 §5.3 has it. */
export function field(fields: HeaderFields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === 'string' || value === undefined ? value : value.join(', ');
}

/** `Content-Range` (RFC 9110 §14.4) as a half-open range; undefined when missing or malformed. */
export function contentRange(fields: HeaderFields): ContentRange | undefined {
  const [, first, last, size] = CONTENT_RANGE.exec(field(fields, 'content-range') ?? '') ?? [];
  if (first === undefined || last === undefined) return undefined;
  const range = { startByte: Number(first), endByte: Number(last) + 1 };
  const sizeBytes = size === undefined ? undefined : Number(size);
  const isSane = range.startByte < range.endByte && range.endByte <= (sizeBytes ?? Infinity);
  return isSane ? { ...range, sizeBytes } : undefined;
}

/** `Content-Length`, where there is exactly one and it is a number. */
export function contentLength(fields: HeaderFields): number | undefined {
  const value = field(fields, 'content-length') ?? '';
  return NUMBER.test(value) ? Number(value) : undefined;
}

/** The coding of the body; undefined for identity. */
export function contentCoding(fields: HeaderFields): string | undefined {
  const coding = field(fields, 'content-encoding')?.trim().toLowerCase();
  return coding === undefined || coding === '' || coding === 'identity' ? undefined : coding;
}

/**
 * What ties ranges of one version together in `If-Range`: a strong ETag, or a modification time at
 * least 60 s before the response (RFC 9110 §8.8.2.2); undefined where there is neither.
 */
export function strongValidator(fields: HeaderFields): string | undefined {
  const etag = field(fields, 'etag');
  if (etag !== undefined && STRONG_ETAG.test(etag)) return etag;
  const modified = field(fields, 'last-modified');
  const modifiedMs = Date.parse(modified ?? '');
  const dateMs = Date.parse(field(fields, 'date') ?? '');
  return dateMs - modifiedMs >= MINUTE_MS ? modified : undefined;
}

/** `Retry-After` (RFC 9110 §10.2.3) in milliseconds from `nowMs` (since 1970). */
export function retryAfterMs(fields: HeaderFields, nowMs: number): number | undefined {
  const value = field(fields, 'retry-after')?.trim() ?? '';
  if (NUMBER.test(value)) return Number(value) * SECOND_MS;
  const dateMs = Date.parse(value);
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - nowMs);
}

/** The target of `Link: <...>; rel="content-information"`, as it stands there. */
export function contentInformationLink(fields: HeaderFields): string | undefined {
  const value = field(fields, 'link');
  if (value === undefined) return undefined;
  try {
    return LinkHeader.parse(value).rel('content-information')[0]?.uri;
  } catch {
    // A Link header that can't be parsed links to nothing.
    return undefined;
  }
}

/** The challenges of `WWW-Authenticate` or `Proxy-Authenticate`, in order; what is none is left out. */
export function challenges(fields: HeaderFields, name: string): Challenge[] {
  const found: { scheme: string; parameters: Map<string, string> }[] = [];
  for (const { groups = {} } of (field(fields, name) ?? '').matchAll(CHALLENGE_PART)) {
    const part = (groups['name'] ?? '').toLowerCase();
    const value = groups['quoted']?.replaceAll(/\\(.)/g, '$1') ?? groups['bare'];
    if (value === undefined) found.push({ scheme: part, parameters: new Map() });
    else found.at(-1)?.parameters.set(part, value);
  }
  return found;
}
