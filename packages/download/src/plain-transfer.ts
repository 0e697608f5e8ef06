import type { Readable } from 'node:stream';
import { createBrotliDecompress, createUnzip, createZstdDecompress } from 'node:zlib';
import { describePlainly } from './describe.ts';
import type { PlainContent } from './describe.ts';
import { OriginCutShortError, OriginKeepsChangingError, OriginProtocolError } from './errors.ts';
import { contentCoding, contentLength, contentRange, strongValidator } from './http-fields.ts';
import { shownUrl } from './shown-url.ts';
import type { OriginHttp, OriginResponse } from './origin-http.ts';
import { OriginLane } from './origin-lane.ts';
import { errorOfStatus } from './origin-status.ts';
import type { Progress } from './progress.ts';
import { failedOnce } from './retrying.ts';
import type { ContentSink } from './sink.ts';

const MOST_RESTARTS = 3;

export interface PlainParts {
  readonly http: OriginHttp;
  readonly sink: ContentSink;
  readonly progress: Progress;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Fetches a content from an origin that has no content information: one request after another, in
 * order. A strong validator ties the requests to one version; without one there is only one
 * request for the whole, begun anew when it breaks off. Never a mix of versions, never a short file.
 */
export async function transferPlainly(
  parts: PlainParts,
  content: PlainContent,
  { signal }: { signal: AbortSignal },
): Promise<{ readonly sizeBytes: number }> {
  const transfer = new PlainTransfer(parts, content.url, signal);
  return await transfer.run(content.response);
}

class PlainTransfer {
  readonly #parts: PlainParts;
  readonly #url: string;
  readonly #signal: AbortSignal;
  readonly #lane = new OriginLane(() => performance.now());
  #doneBytes = 0;
  #sizeBytes: number | undefined;
  #validator: string | undefined;
  #restarts = 0;
  /** True during a write, and for ever when it failed: that is no failure of the origin. */
  #sinkFailed = false;

  constructor(parts: PlainParts, url: string, signal: AbortSignal) {
    this.#parts = parts;
    this.#url = url;
    this.#signal = signal;
  }

  async run(first: OriginResponse): Promise<{ sizeBytes: number }> {
    let response: OriginResponse | undefined = first;
    for (;;) {
      try {
        response ??= await this.#ask();
        if (await this.#take(response)) return { sizeBytes: this.#doneBytes };
      } catch (error) {
        this.#signal.throwIfAborted();
        if (this.#sinkFailed) throw error;
        await failedOnce(this.#lane, error, { signal: this.#signal });
      }
      response?.body.destroy();
      response = undefined;
    }
  }

  /** Asks for what is missing, on condition that it is still the same version. */
  async #ask(): Promise<OriginResponse> {
    const { http, headers } = this.#parts;
    const signal = this.#signal;
    if (this.#doneBytes === 0) {
      if (this.#validator === undefined) return await http.get(this.#url, { headers, signal });
      return (await describePlainly(http, this.#url, { headers, signal })).response;
    }
    const rest = { range: `bytes=${this.#doneBytes}-`, 'if-range': this.#validator ?? '' };
    return await http.get(this.#url, { headers: { ...headers, ...rest }, signal });
  }

  /** Reads one answer; true when the content is whole. */
  async #take(response: OriginResponse): Promise<boolean> {
    const { status, fields } = response;
    if (status === 416 && this.#doneBytes === 0) return true;
    if (status !== 200 && status !== 206) throw errorOfStatus(shownUrl(this.#url), status, fields);
    if (contentCoding(fields) !== undefined) return await this.#takeCoded(response);
    const validator = strongValidator(fields);
    const range = status === 206 ? contentRange(fields) : undefined;
    if (status === 206 && range?.startByte !== this.#doneBytes) {
      throw new OriginProtocolError(shownUrl(this.#url), 'another range than was asked for');
    }
    const sizeBytes = range === undefined ? contentLength(fields) : range.sizeBytes;
    if (this.#doneBytes > 0 && (range === undefined || !this.#isSame(validator, sizeBytes))) {
      await this.#restart();
    }
    if (this.#doneBytes === 0) this.#begin(sizeBytes, validator);
    // Without a validator nothing ties a second range to the first: the whole is asked for instead.
    if (range !== undefined && range.endByte !== sizeBytes && validator === undefined) return false;
    if (range !== undefined && range.startByte !== this.#doneBytes) return false;
    const endByte = range?.endByte ?? sizeBytes;
    await this.#copy(response.body, endByte);
    return endByte === undefined || this.#doneBytes === this.#sizeBytes;
  }

  #isSame(validator: string | undefined, sizeBytes: number | undefined): boolean {
    return (
      validator === this.#validator && (sizeBytes === undefined || sizeBytes === this.#sizeBytes)
    );
  }

  #begin(sizeBytes: number | undefined, validator: string | undefined): void {
    this.#sizeBytes = sizeBytes;
    this.#validator = validator;
    this.#parts.progress.described(sizeBytes, false);
  }

  async #restart(): Promise<void> {
    if (this.#restarts++ >= MOST_RESTARTS) {
      throw new OriginKeepsChangingError(shownUrl(this.#url), this.#restarts);
    }
    await this.#startOver();
    this.#parts.progress.warned('CONTENT_CHANGED', `${shownUrl(this.#url)} changed; starting over`);
  }

  async #startOver(): Promise<void> {
    this.#doneBytes = 0;
    await this.#parts.sink.restart();
  }

  async #copy(body: Readable, endByte: number | undefined): Promise<void> {
    const pieces = body[Symbol.asyncIterator]();
    try {
      for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) {
        await this.#keep(next.value);
      }
    } catch (cause) {
      this.#signal.throwIfAborted();
      if (this.#sinkFailed) throw cause;
      await this.#cutShort(endByte, cause);
    }
    if (endByte !== undefined && this.#doneBytes !== endByte) await this.#cutShort(endByte);
  }

  /** What came is kept if another request can go on from there. */
  async #cutShort(endByte: number | undefined, cause?: unknown): Promise<never> {
    const error = new OriginCutShortError(shownUrl(this.#url), this.#doneBytes, endByte, { cause });
    if (this.#validator === undefined) await this.#startOver();
    throw error;
  }

  async #keep(bytes: Uint8Array): Promise<void> {
    const startByte = this.#doneBytes;
    this.#doneBytes += bytes.length;
    this.#lane.delivered();
    this.#parts.progress.received('origin', new URL(this.#url).host, bytes.length);
    this.#sinkFailed = true;
    await this.#parts.sink.write(startByte, bytes);
    this.#sinkFailed = false;
  }

  /** An origin that codes although identity was asked for: decoded here, as one answer or not at all. */
  async #takeCoded(response: OriginResponse): Promise<boolean> {
    if (this.#doneBytes > 0) await this.#restart();
    const isWhole =
      response.status === 200 || contentRange(response.fields)?.endByte === this.#wholeOf(response);
    this.#validator = undefined;
    if (!isWhole) return false;
    const decoder = decoderOf(contentCoding(response.fields));
    if (decoder === undefined) {
      throw new OriginProtocolError(shownUrl(this.#url), 'a content coding that nobody asked for');
    }
    this.#begin(undefined, undefined);
    response.body.once('error', (error) => decoder.destroy(error));
    await this.#copy(response.body.pipe(decoder), undefined);
    return true;
  }

  #wholeOf({ fields }: OriginResponse): number | undefined {
    const range = contentRange(fields);
    return range?.startByte === 0 ? range.sizeBytes : undefined;
  }
}

function decoderOf(coding: string | undefined) {
  if (coding === 'gzip' || coding === 'x-gzip' || coding === 'deflate') return createUnzip();
  if (coding === 'br') return createBrotliDecompress();
  if (coding === 'zstd') return createZstdDecompress();
  return undefined;
}
