import type { Readable } from 'node:stream';
import { UNPACED } from '@peer-cache/bandwidth';
import type { Pacing } from '@peer-cache/bandwidth';
import { blockBytes, blockHashListBytes, blockHashListOffset, blockRange } from '@peer-cache/core';
import {
  OriginBusyError,
  contentCoding,
  contentRange,
  shownUrl,
  errorOfStatus,
} from '@peer-cache/transport';
import type { OriginHttp, OriginResponse } from '@peer-cache/transport';
import type {
  BlockSource,
  ContentSegment,
  FetchedBlock,
  FetchRunOptions,
  SegmentRun,
} from '../block-source.ts';
import type { DescribedContent } from '../describe.ts';
import { OriginCutShortError, StaleContentInformationError } from '../errors.ts';
import type { ContentOrigin } from './content-origin.ts';
import { pacedGet } from './paced-get.ts';

/** Blocks and block hash lists of a described content, from its origin by range requests. */
export function contentOrigin(
  http: OriginHttp,
  content: DescribedContent,
  {
    headers = {},
    pacing,
  }: {
    readonly headers?: Readonly<Record<string, string>> | undefined;
    readonly pacing?: Pacing | undefined;
  },
): ContentOrigin {
  const at = { url: content.url, headers, pacing };
  return { blocks: contentBlocks(http, content, at), blockHashList };

  async function blockHashList(
    segment: ContentSegment,
    { signal }: { signal: AbortSignal },
  ): Promise<Uint8Array> {
    const { lists } = content;
    const startByte = blockHashListOffset(lists.rootBytes, segment.index);
    const listBytes = blockHashListBytes(segment.sizeBytes);
    const range = `bytes=${startByte}-${startByte + listBytes - 1}`;
    const headersOfList = { ...lists.headers, range };
    const { linkedFrom } = lists;
    const response = await http.get(lists.url, { headers: headersOfList, signal, linkedFrom });
    using _ = destroying(response.body);
    checkRange(content.url, response, { startByte, sizeBytes: undefined });
    for await (const list of pieces(response, [listBytes], { signal })) return list;
    throw new OriginCutShortError(shownUrl(lists.url), 0, listBytes);
  }
}

export interface BlocksAt {
  readonly url: string;
  /** The content's URL, where this is a mirror's: what lets in there is not told elsewhere. */
  readonly linkedFrom?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly pacing?: Pacing | undefined;
}

/** Blocks of a described content by range requests from a URL: its own, or a mirror's. */
export function contentBlocks(
  http: OriginHttp,
  content: DescribedContent,
  { url, linkedFrom = url, headers = {}, pacing = UNPACED }: BlocksAt,
): BlockSource {
  return { name: new URL(url).host, kind: 'origin', fetch };

  async function* fetch(
    { segment, firstBlock, count }: SegmentRun,
    { signal, onBytes, onHeldBack }: FetchRunOptions,
  ): AsyncGenerator<FetchedBlock> {
    const { sizeBytes } = content.information;
    const { startByte } = blockRange(sizeBytes, segment.index, firstBlock);
    const { endByte } = blockRange(sizeBytes, segment.index, firstBlock + count - 1);
    const range = { startByte, endByte };
    const request = { headers, linkedFrom, signal, range, pacing, onHeldBack };
    const response = await pacedGet(http, url, request);
    using _ = destroying(response.body);
    checkRange(url, response, { startByte, sizeBytes });
    const sizes = Array.from({ length: count }, (__, index) =>
      blockBytes(segment.sizeBytes, firstBlock + index),
    );
    let blockIndex = firstBlock;
    for await (const bytes of pieces(response, sizes, { signal, onBytes })) {
      yield { blockIndex: blockIndex++, bytes };
    }
  }
}

/** An answer that is not the range of the content that was described means another content. */
function checkRange(
  url: string,
  { status, fields }: OriginResponse,
  expected: { readonly startByte: number; readonly sizeBytes: number | undefined },
): void {
  if (status === 416) throw new StaleContentInformationError(shownUrl(url), 'it is shorter now');
  if (status === 200)
    throw new StaleContentInformationError(shownUrl(url), 'it is sent whole only');
  if (status !== 206) throw errorOfStatus(shownUrl(url), status, fields);
  const range = contentRange(fields);
  const isRight =
    range?.startByte === expected.startByte &&
    (expected.sizeBytes === undefined ||
      (range.sizeBytes ?? expected.sizeBytes) === expected.sizeBytes) &&
    contentCoding(fields) === undefined;
  if (!isRight)
    throw new StaleContentInformationError(shownUrl(url), 'its length or coding changed');
}

/** Cuts a body into pieces of these sizes; an early end is an error. */
async function* pieces(
  { body, url }: OriginResponse,
  sizes: readonly number[],
  { signal, onBytes }: FetchRunOptions,
): AsyncGenerator<Uint8Array> {
  const wholeBytes = sizes.reduce((sum, size) => sum + size, 0);
  const left = [...sizes];
  let piece = Buffer.allocUnsafeSlow(left.shift() ?? 0);
  let filled = 0;
  let gotBytes = 0;
  try {
    for await (const chunk of body) {
      let at = 0;
      onBytes?.(chunk.length);
      while (at < chunk.length && piece.length > 0) {
        const taken = Math.min(chunk.length - at, piece.length - filled);
        piece.set(chunk.subarray(at, at + taken), filled);
        at += taken;
        filled += taken;
        gotBytes += taken;
        if (filled < piece.length) continue;
        yield piece;
        piece = Buffer.allocUnsafeSlow(left.shift() ?? 0);
        filled = 0;
      }
    }
  } catch (cause) {
    signal.throwIfAborted();
    // It says itself when to come again.
    if (cause instanceof OriginBusyError) throw cause;
    throw new OriginCutShortError(shownUrl(url), gotBytes, wholeBytes, { cause });
  }
  if (gotBytes < wholeBytes) throw new OriginCutShortError(shownUrl(url), gotBytes, wholeBytes);
}

function destroying(body: Readable): Disposable {
  return { [Symbol.dispose]: () => void body.destroy() };
}
