import {
  CONTENT_INFORMATION_TYPE,
  decodeRoot,
  KIB,
  MalformedContentInformationError,
  MOST_ROOT_BYTES,
  ROOT_HEADER_BYTES,
  rootBytes,
} from '@peer-cache/core';
import type { ContentInformation } from '@peer-cache/core';
import {
  RedirectRefusedError,
  contentInformationLink,
  contentRange,
  field,
  httpUrl,
  shownUrl,
  errorOfStatus,
} from '@peer-cache/transport';
import type { OriginHttp, OriginRequest, OriginResponse } from '@peer-cache/transport';
import { OriginCutShortError } from './errors.ts';

/** A content with content information, and where its block hash lists are. */
export interface DescribedContent {
  readonly kind: 'described';
  readonly url: string;
  readonly information: ContentInformation;
  readonly lists: ListLocation;
}

/** Content information as a resource: the root, then the block hash lists. */
export interface ListLocation {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly rootBytes: number;
  /** The content's own URL: what a link leads to gets none of its credentials. */
  readonly linkedFrom: string;
}

/** A content of an origin that knows nothing of us, with its first answer, still to be read. */
export interface PlainContent {
  readonly kind: 'plain';
  readonly url: string;
  readonly response: OriginResponse;
}

export interface DescribeOptions {
  readonly signal: AbortSignal;
  readonly headers?: Readonly<Record<string, string>>;
  /** Origins (`https://host`) where a sidecar `NAME.peer-cache` is looked for beside each content. */
  readonly sidecarOrigins?: readonly string[];
  /** Past every cache on the way: what came from one was stale. */
  readonly isFresh?: boolean;
  /** Told of each answer for the content itself, whatever it says. */
  readonly onAnswered?: ((response: OriginResponse) => void) | undefined;
}

const ACCEPT = { accept: `${CONTENT_INFORMATION_TYPE}, */*` };
/** A plain origin's first bytes are used; one that describes its content sends the root instead. */
const FIRST_RANGE = { range: `bytes=0-${64 * KIB - 1}` };
/** Holds the root of a content of up to 2 GiB; a longer root takes a second request. */
const SIDECAR_FIRST_BYTES = 4 * KIB;

/**
 * Asks the origin what a content is: its content information where it has some (by `Accept` on the
 * content's own URL, a `Link`, or a sidecar), else the first answer of a plain origin.
 *
 * @throws {PeerCacheError} of the origin: not found, refused, busy, unreachable…
 */
export async function describe(
  http: OriginHttp,
  url: string,
  options: DescribeOptions,
): Promise<DescribedContent | PlainContent> {
  const caching = options.isFresh === true ? { 'cache-control': 'no-cache' } : {};
  const headers = { ...options.headers, ...caching };
  const { origin, search } = httpUrl(url);
  if (options.sidecarOrigins?.includes(origin) && search === '') {
    const sidecar = await describeBySidecar(
      http,
      { url, at: sidecarUrl(url) },
      { ...options, headers },
    );
    if (sidecar !== undefined) return sidecar;
  }
  const asked = { headers: { ...headers, ...ACCEPT, ...FIRST_RANGE }, signal: options.signal };
  const response = await http.get(url, asked);
  options.onAnswered?.(response);
  if (isContentInformation(response)) {
    return describeByAccept(http, { url, response }, { headers, signal: options.signal });
  }
  const link = contentInformationLink(response.fields);
  if (link !== undefined && response.status < 300) {
    const at = new URL(link, response.url);
    const isHere = at.origin === new URL(response.url).origin;
    if (!isHere && !(at.protocol === 'https:' && response.url.startsWith('https:'))) {
      response.body.destroy();
      throw new RedirectRefusedError(
        shownUrl(url),
        shownUrl(at),
        'content information without TLS',
      );
    }
    const linked = { ...options, headers: isHere ? headers : caching };
    const described = await describeBySidecar(http, { url, at: at.href }, linked);
    if (described !== undefined) {
      response.body.destroy();
      return described;
    }
  }
  return plain(url, response);
}

/** Asks for a content as a plain origin has it, whatever content information there may be. */
export async function describePlainly(
  http: OriginHttp,
  url: string,
  { headers = {}, signal, onAnswered }: DescribeOptions,
): Promise<PlainContent> {
  const response = await http.get(url, { headers: { ...headers, ...FIRST_RANGE }, signal });
  onAnswered?.(response);
  return plain(url, response);
}

function plain(url: string, response: OriginResponse): PlainContent {
  const { status, fields } = response;
  // An empty content can't satisfy a range that asks for its first byte (RFC 9110 §14.1.2).
  const isEmpty = status === 416 && /^bytes \*\/0$/.test(field(fields, 'content-range') ?? '');
  if (status !== 200 && status !== 206 && !isEmpty) {
    response.body.destroy();
    throw errorOfStatus(shownUrl(url), status, fields);
  }
  return { kind: 'plain', url, response };
}

function isContentInformation({ status, fields }: OriginResponse): boolean {
  const [type] = (field(fields, 'content-type') ?? '').split(';');
  return (status === 200 || status === 206) && type?.trim() === CONTENT_INFORMATION_TYPE;
}

async function describeByAccept(
  http: OriginHttp,
  { url, response }: { readonly url: string; readonly response: OriginResponse },
  { headers, signal }: OriginRequest,
): Promise<DescribedContent> {
  // What a full answer has after the root are the block hash lists, which are not wanted here.
  const mostBytes = contentRange(response.fields)?.endByte ?? MOST_ROOT_BYTES;
  const first = await readRootStart(response, { mostBytes, signal });
  const lists = {
    url,
    headers: { ...headers, ...ACCEPT },
    rootBytes: rootBytes(first),
    linkedFrom: url,
  };
  const root = await completeRoot(http, { first, at: lists }, signal);
  return { kind: 'described', url, information: decodeRoot(root), lists };
}

/** Undefined where there is no sidecar. */
async function describeBySidecar(
  http: OriginHttp,
  { url, at }: { url: string; at: string },
  { headers = {}, signal }: DescribeOptions,
): Promise<DescribedContent | undefined> {
  const first = await getRange(
    http,
    at,
    { startByte: 0, endByte: SIDECAR_FIRST_BYTES },
    { headers, signal, linkedFrom: url },
  );
  if (first === undefined) return undefined;
  const lists = { url: at, headers, rootBytes: rootBytes(first), linkedFrom: url };
  const root = await completeRoot(http, { first, at: lists }, signal);
  return { kind: 'described', url, information: decodeRoot(root), lists };
}

/** Asks for what the first answer lacks of a root: a large content's is longer than one range. */
async function completeRoot(
  http: OriginHttp,
  { first, at }: { readonly first: Uint8Array; readonly at: ListLocation },
  signal: AbortSignal,
): Promise<Uint8Array> {
  if (first.length >= at.rootBytes) return first.subarray(0, at.rootBytes);
  const range = { startByte: first.length, endByte: at.rootBytes };
  const { headers, linkedFrom } = at;
  const rest = await getRange(http, at.url, range, { headers, signal, linkedFrom });
  return Buffer.concat([first, rest ?? new Uint8Array()]);
}

/** A range of a small resource, in memory; undefined where it does not exist. */
async function getRange(
  http: OriginHttp,
  url: string,
  range: { readonly startByte: number; readonly endByte: number },
  { headers, ...request }: OriginRequest,
): Promise<Uint8Array | undefined> {
  const asked = { ...headers, range: `bytes=${range.startByte}-${range.endByte - 1}` };
  const response = await http.get(url, { ...request, headers: asked });
  const { status, fields, body } = response;
  if (status === 404 || status === 403 || status === 410) {
    body.destroy();
    return undefined;
  }
  const isRange = status === 206 && contentRange(fields)?.startByte === range.startByte;
  if (!isRange && !(status === 200 && range.startByte === 0)) {
    body.destroy();
    if (status === 206) throw new MalformedContentInformationError('another range than asked for');
    throw errorOfStatus(shownUrl(url), status, fields);
  }
  const mostBytes = range.endByte - range.startByte;
  const bytes = await readUpTo(response, { mostBytes, signal: request.signal });
  body.destroy();
  return bytes;
}

interface Reading {
  readonly mostBytes: number;
  readonly signal: AbortSignal;
}

/** The root's first bytes, or all of it: no more than its header says, whatever follows. */
async function readRootStart(
  response: OriginResponse,
  { mostBytes, signal }: Reading,
): Promise<Uint8Array> {
  const { body, url } = response;
  const pieces: Buffer[] = [];
  let gotBytes = 0;
  let wantedBytes = mostBytes;
  for await (const piece of piecesOf(response, signal)) {
    pieces.push(piece);
    gotBytes += piece.length;
    if (gotBytes >= ROOT_HEADER_BYTES && wantedBytes === mostBytes) {
      wantedBytes = Math.min(mostBytes, rootBytes(Buffer.concat(pieces)));
    }
    if (gotBytes >= wantedBytes) break;
  }
  body.destroy();
  if (gotBytes < wantedBytes) throw new OriginCutShortError(shownUrl(url), gotBytes, wantedBytes);
  return Buffer.concat(pieces).subarray(0, wantedBytes);
}

async function readUpTo(
  response: OriginResponse,
  { mostBytes, signal }: Reading,
): Promise<Uint8Array> {
  const pieces: Buffer[] = [];
  let gotBytes = 0;
  for await (const piece of piecesOf(response, signal)) {
    pieces.push(piece);
    gotBytes += piece.length;
    if (gotBytes >= mostBytes) break;
  }
  return Buffer.concat(pieces).subarray(0, mostBytes);
}

/** A body as it comes; where it breaks off, that has a name. */
async function* piecesOf(
  { body, url }: OriginResponse,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  let gotBytes = 0;
  try {
    for await (const piece of body) {
      gotBytes += piece.length;
      yield piece;
    }
  } catch (cause) {
    signal.throwIfAborted();
    throw new OriginCutShortError(shownUrl(url), gotBytes, undefined, { cause });
  }
}

function sidecarUrl(url: string): string {
  const sidecar = new URL(url);
  sidecar.pathname += '.peer-cache';
  return sidecar.href;
}
