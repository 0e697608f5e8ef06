import { Readable } from 'node:stream';
import { BlockTurns, UNPACED } from '@peer-cache/bandwidth';
import type { Pacing, Turn } from '@peer-cache/bandwidth';
import { asError } from '@peer-cache/core';
import { OriginProtocolError, shownUrl } from '@peer-cache/transport';
import type { OriginHttp, OriginRequest, OriginResponse } from '@peer-cache/transport';
import { describePlainly } from '../describe.ts';
import type { PlainContent } from '../describe.ts';
import { OriginCutShortError, OriginKeepsChangingError } from '../errors.ts';
import { untilAnswered } from '../leaving.ts';
import { OriginLane } from '../origin/origin-lane.ts';
import type { LaneOptions } from '../origin/origin-lane.ts';
import { pacedGet } from '../origin/paced-get.ts';
import { failedOnce } from '../origin/retrying.ts';
import type { Progress } from '../progress.ts';
import { NOTHING_KEPT } from '../sinks/kept-blocks.ts';
import type { ContentSink } from '../sinks/sink.ts';
import { WantedBytes } from '../wanted-bytes.ts';
import type { WantedRange } from '../wanted-bytes.ts';
import { decodedBody, plainAnswer } from './plain-answer.ts';
import type { PlainAnswer } from './plain-answer.ts';
import { PlainBody } from './plain-body.ts';
import { missingBytes, PlainVersion } from './plain-version.ts';

const MOST_RESTARTS = 3;

export interface PlainParts {
  readonly http: OriginHttp;
  readonly sink: ContentSink;
  readonly progress: Progress;
  readonly turn: Turn;
}

export interface PlainOptions extends LaneOptions {
  readonly headers: Readonly<Record<string, string>>;
  /** The whole, if absent. */
  readonly ranges: readonly WantedRange[] | undefined;
  readonly signal: AbortSignal;
  /** Ends it at the next block's edge; without a validator what came by then is worth nothing. */
  readonly leave: AbortSignal;
}

/**
 * Fetches a content, or some of it, from an origin that has no content information: one request
 * after another, in order. A strong validator ties the requests to one version; without one there
 * is only one request for the whole, begun anew when it breaks off. Never a mix of versions, never
 * a short file.
 */
export async function transferPlainly(
  parts: PlainParts,
  content: PlainContent,
  options: PlainOptions,
): Promise<{ readonly sizeBytes: number }> {
  using transfer = new PlainTransfer(parts, content.url, options);
  return { sizeBytes: await transfer.run(content.response) };
}

class PlainTransfer implements Disposable {
  readonly #parts: PlainParts;
  readonly #url: string;
  readonly #options: PlainOptions;
  /** Whatever is waited for, it ends the wait. */
  readonly #patience: AbortSignal;
  readonly #lane: OriginLane;
  readonly #turns: BlockTurns;
  #version: PlainVersion | undefined;
  #askedByte = 0;
  #asksForAll = false;
  #isPaced = false;
  #restarts = 0;
  /** That is no failure of the origin, and final. */
  #sinkFailure: Error | undefined;

  constructor(parts: PlainParts, url: string, options: PlainOptions) {
    this.#parts = parts;
    this.#url = url;
    this.#options = options;
    this.#patience = AbortSignal.any([options.signal, options.leave]);
    this.#lane = new OriginLane(() => performance.now(), options);
    this.#turns = new BlockTurns(parts.turn, { signal: this.#patience });
  }

  /** Gives the content's size when all that is wanted is in the sink. */
  async run(first: OriginResponse): Promise<number> {
    let response: OriginResponse | undefined = first;
    for (;;) {
      try {
        response ??= await this.#ask();
        await this.#take(response);
        if (this.#version?.isWhole === true) return this.#version.sizeBytes ?? 0;
      } catch (error) {
        this.#throwIfOver();
        await failedOnce(this.#lane, error, { signal: this.#patience });
      } finally {
        response?.body.destroy();
        response = undefined;
        this.#turns.end();
      }
    }
  }

  [Symbol.dispose](): void {
    this.#turns[Symbol.dispose]();
  }

  /** Asks for what is missing, on condition that it is still the same version. */
  async #ask(): Promise<OriginResponse> {
    const { http, progress } = this.#parts;
    const { headers } = this.#options;
    this.#isPaced = false;
    const onAnswered = (response: OriginResponse): void => progress.answered(response);
    await this.#turns.begin();
    this.#askedByte = 0;
    if (this.#version?.validator === undefined && !this.#asksForAll) {
      const ask = async (signal: AbortSignal): Promise<OriginResponse> =>
        (await describePlainly(http, this.#url, { headers, signal, onAnswered })).response;
      return await untilAnswered(ask, this.#options);
    }
    const response = await untilAnswered(
      (signal) => this.#askForRest({ headers, signal }),
      this.#options,
    );
    onAnswered(response);
    return response;
  }

  async #askForRest(request: OriginRequest): Promise<OriginResponse> {
    const { http, turn } = this.#parts;
    if (this.#version?.validator === undefined) return await http.get(this.#url, request);
    const { next, sizeBytes, validator } = this.#version;
    this.#askedByte = next.startByte;
    const isToEnd = next.endByte === sizeBytes;
    const range = isToEnd ? { ...next, endByte: Infinity } : next;
    const headers = { ...request.headers, 'if-range': validator };
    const { pacing = UNPACED } = turn;
    this.#isPaced = !pacing.isFree();
    return await pacedGet(http, this.#url, { ...request, headers, range, pacing });
  }

  /** Takes what one answer brings. */
  async #take(response: OriginResponse): Promise<void> {
    const answer = plainAnswer(this.#url, response);
    if (response.status === 206 && answer.startByte !== this.#askedByte) {
      throw new OriginProtocolError(shownUrl(this.#url), 'another range than was asked for');
    }
    if (this.#version?.isSame(answer) !== true) await this.#begin(answer);
    const version = this.#version;
    if (version === undefined) return;
    if (answer.sizeBytes !== undefined) version.learnSize(answer.sizeBytes);
    if (version.isWhole) return;
    if (answer.startByte > version.next.startByte) return;
    if (answer.endByte !== undefined && answer.endByte <= version.next.startByte) return;
    await this.#read(response, answer, version);
  }

  /** Begins another version than before, if this answer is one to begin with. */
  async #begin(answer: PlainAnswer): Promise<void> {
    const { validator, sizeBytes, isWhole, startByte } = answer;
    this.#countRestart();
    this.#version = undefined;
    if (validator === undefined && !isWhole) {
      // Nothing ties a second range to the first: the whole is asked for instead.
      if (this.#asksForAll) {
        throw new OriginProtocolError(shownUrl(this.#url), 'a part where all was asked for');
      }
      this.#asksForAll = true;
      return;
    }
    if (startByte > 0) return;
    const wanted = new WantedBytes({ url: this.#url, sizeBytes }, this.#options.ranges);
    const { sink, progress } = this.#parts;
    const url = withoutUserInfo(this.#url);
    const kept = await this.#toSink(() => sink.begin({ kind: 'plain', url, validator, sizeBytes }));
    const isTied = validator !== undefined;
    const missing = await missingBytes(wanted, isTied ? kept : NOTHING_KEPT, sizeBytes);
    progress.described(wanted.sizeBytes, false);
    const missingOfWanted = missing.reduce((sum, range) => sum + wanted.bytesOf(range), 0);
    if (wanted.sizeBytes !== undefined) progress.resumed(wanted.sizeBytes - missingOfWanted);
    this.#version = new PlainVersion({ validator, sizeBytes }, wanted, missing);
  }

  #countRestart(): void {
    if (this.#version === undefined || this.#version.next.startByte === 0) return;
    if (this.#restarts++ >= MOST_RESTARTS) {
      throw new OriginKeepsChangingError(shownUrl(this.#url), this.#restarts);
    }
    this.#parts.progress.warned('CONTENT_CHANGED', `${shownUrl(this.#url)} changed; starting over`);
  }

  async #read(
    response: OriginResponse,
    { startByte, endByte }: PlainAnswer,
    version: PlainVersion,
  ): Promise<void> {
    const { sink, progress } = this.#parts;
    const host = new URL(this.#url).host;
    const body = new PlainBody(
      {
        version,
        turns: this.#turns,
        leave: this.#options.leave,
        received: (bytes, newBytes) => {
          // Where a request can't go on from it, what came is no progress.
          if (version.validator !== undefined) this.#lane.delivered();
          progress.received('origin', host, bytes, newBytes);
        },
        write: (at, bytes) => this.#toSink(() => sink.write(at, bytes)),
      },
      { startByte, endByte },
    );
    const bytes = this.#limited(decodedBody(this.#url, response), response.status);
    try {
      await body.read(bytes);
    } catch (cause) {
      this.#throwIfOver();
      throw this.#cutShort(body.atByte, endByte, cause);
    }
    if (endByte === undefined) version.learnSize(body.atByte);
    else if (!version.isWhole && body.atByte < endByte) {
      throw this.#cutShort(body.atByte, endByte);
    }
  }

  /** An answer that was not asked for in pieces comes no faster than limits allow. */
  #limited(body: Readable, status: number): Readable {
    const { pacing } = this.#parts.turn;
    if (pacing === undefined || (this.#isPaced && status === 206)) return body;
    return Readable.from(passing(body, pacing, { signal: this.#patience }), { objectMode: false });
  }

  /** What came is kept if another request can go on from there. */
  #cutShort(atByte: number, endByte: number | undefined, cause?: unknown): Error {
    if (this.#version?.validator === undefined) this.#version = undefined;
    return new OriginCutShortError(shownUrl(this.#url), atByte, endByte, { cause });
  }

  async #toSink<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      this.#sinkFailure = asError(error);
      throw error;
    }
  }

  #throwIfOver(): void {
    if (this.#sinkFailure !== undefined) throw this.#sinkFailure;
    this.#options.signal.throwIfAborted();
    this.#options.leave.throwIfAborted();
  }
}

async function* passing(
  body: Readable,
  pacing: Pacing,
  options: { readonly signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    await pacing.pass(chunk.length, options);
    yield chunk;
  }
}

function withoutUserInfo(url: string): string {
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  return bare.href;
}
