import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pacing, RequestLeave } from '@peer-cache/bandwidth';
import { MIB, asError } from '@peer-cache/core';
import type { ByteRange } from '@peer-cache/core';
import { contentRange, shownUrl } from '@peer-cache/transport';
import type { OriginHttp, OriginRequest, OriginResponse } from '@peer-cache/transport';
import { OriginCutShortError } from '../errors.ts';
import { emptyPart, endOf, restOf } from './paced-part.ts';
import type { Part } from './paced-part.ts';
import { backOffMs, wrongAnswer } from './part-failure.ts';

/** What is here already and waits for what comes before it, at most. */
const MOST_AHEAD_BYTES = 2 * MIB;
/** Under way at a time: in the foreground nothing else bounds them. */
const MOST_REQUESTS = 8;

export interface PacedRequest extends OriginRequest {
  /** An `endByte` of Infinity: up to the end. */
  readonly range: ByteRange;
  readonly pacing: Pacing;
  /** Told when it waits for leave with nothing under way, and when that is over. */
  readonly onHeldBack?: ((isHeldBack: boolean) => void) | undefined;
}

/**
 * GETs a range of a resource as one answer that is brought by many small requests, each when there
 * is leave for it, several at a time. An answer that is no such range is given back as it is.
 */
export async function pacedGet(
  http: OriginHttp,
  url: string,
  request: PacedRequest,
): Promise<OriginResponse> {
  const { range } = request;
  if (request.pacing.isFree()) return await getRange(http, url, range, request);
  return await new PacedBody(http, url, request).open();
}

async function getRange(
  http: OriginHttp,
  url: string,
  { startByte, endByte }: ByteRange,
  { headers, signal, linkedFrom, onSent }: OriginRequest,
): Promise<OriginResponse> {
  const last = endByte === Infinity ? '' : `${endByte - 1}`;
  const asked = { ...headers, range: `bytes=${startByte}-${last}` };
  return await http.get(url, { headers: asked, signal, linkedFrom, onSent });
}

class PacedBody {
  readonly #http: OriginHttp;
  readonly #url: string;
  readonly #request: PacedRequest;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #parts: Part[] = [];
  #nextByte: number;
  #endByte: number;
  #sizeBytes: number | undefined;
  #aheadBytes = 0;
  readonly #waiters = new Set<() => void>();
  #inFlight = 0;
  /** For leave. */
  #waiting = 0;
  #isHeldBack = false;
  #notBeforeMs = 0;

  constructor(http: OriginHttp, url: string, request: PacedRequest) {
    this.#http = http;
    this.#url = url;
    this.#request = request;
    this.#signal = AbortSignal.any([request.signal, this.#stop.signal]);
    this.#nextByte = request.range.startByte;
    this.#endByte = request.range.endByte;
  }

  async open(): Promise<OriginResponse> {
    const { range } = this.#request;
    const leave = await this.#leave(this.#endByte - this.#nextByte);
    const first = this.#takeNext(leave.bytes);
    const response = await this.#ask(first, leave);
    const answered = contentRange(response.fields);
    if (response.status !== 206 || answered?.startByte !== range.startByte) {
      return { ...response, body: untilClosed(response.body, leave) };
    }
    this.#sizeBytes = answered.sizeBytes;
    this.#endByte = endOf(range, answered);
    // Where the end was not known, more may have been asked for than there is.
    first.endByte = Math.min(first.endByte, this.#endByte);
    void this.#complete(first, () => this.#read(first, response.body, { leave, asked: first }));
    void this.#feed();
    const body = Readable.from(this.#bytes(), { objectMode: false });
    body.on('close', () => this.#stop.abort(new Error('nobody reads the answer any more')));
    const last = this.#endByte - 1;
    const whole = `bytes ${range.startByte}-${last}/${this.#sizeBytes ?? '*'}`;
    const fields = {
      ...response.fields,
      'content-range': whole,
      'content-length': `${this.#endByte - range.startByte}`,
    };
    return { ...response, fields, body };
  }

  /** Asks for one part after the other, without waiting for their answers. */
  async #feed(): Promise<void> {
    try {
      while (this.#nextByte < this.#endByte) {
        await this.#untilRoom();
        await this.#untilCalm();
        const leave = await this.#leave(this.#endByte - this.#nextByte);
        const part = this.#takeNext(leave.bytes);
        void this.#complete(part, () => this.#bring(part, leave));
      }
    } catch (error) {
      const end = emptyPart({ startByte: this.#nextByte, endByte: this.#nextByte });
      this.#parts.push({ ...end, isDone: true, error });
      this.#wake();
    }
  }

  /** Never rejects. */
  async #complete(part: Part, bringFirst: () => Promise<void>): Promise<void> {
    try {
      await this.#bringAll(part, bringFirst);
    } catch (error) {
      part.error = error;
    }
    part.isDone = true;
    this.#wake();
  }

  /** What breaks off is asked for again, from there. */
  async #bringAll(part: Part, bringFirst: () => Promise<void>): Promise<void> {
    let bring = bringFirst;
    for (let failures = 0; part.gotBytes < part.endByte - part.startByte;) {
      const gotBefore = part.gotBytes;
      try {
        await bring();
      } catch (error) {
        if (part.gotBytes > gotBefore) failures = 0;
        const waitMs = backOffMs(error, ++failures);
        if (waitMs === undefined) throw error;
        this.#notBeforeMs = Math.max(this.#notBeforeMs, performance.now() + waitMs);
      }
      bring = async () => {
        await this.#untilCalm();
        await this.#bring(part, await this.#leave(restOf(part).sizeBytes));
      };
    }
  }

  /** As much of the part as there is leave for. */
  async #bring(part: Part, leave: RequestLeave): Promise<void> {
    const { startByte, sizeBytes } = restOf(part);
    const asked = { startByte, endByte: startByte + Math.min(sizeBytes, leave.bytes) };
    const response = await this.#ask(asked, leave);
    const answered = contentRange(response.fields);
    const isRight =
      response.status === 206 &&
      answered?.startByte === startByte &&
      answered.sizeBytes === this.#sizeBytes;
    if (isRight) return await this.#read(part, response.body, { leave, asked });
    response.body.destroy();
    this.#end(leave);
    throw wrongAnswer(this.#url, response);
  }

  async #ask(range: ByteRange, leave: RequestLeave): Promise<OriginResponse> {
    this.#inFlight++;
    this.#tellIfHeldBack();
    try {
      const request = { ...this.#request, signal: this.#signal, onSent: () => leave.sent() };
      const response = await getRange(this.#http, this.#url, range, request);
      leave.received(0);
      return response;
    } catch (error) {
      this.#end(leave);
      throw error;
    }
  }

  #end(leave: RequestLeave): void {
    this.#inFlight--;
    leave[Symbol.dispose]();
    this.#tellIfHeldBack();
    this.#wake();
  }

  async #read(
    part: Part,
    body: Readable,
    { leave, asked }: { readonly leave: RequestLeave; readonly asked: ByteRange },
  ): Promise<void> {
    const askedBytes = asked.endByte - asked.startByte;
    let leftBytes = askedBytes;
    try {
      for await (const chunk of body) {
        leave.received(chunk.length);
        const bytes: Uint8Array = chunk.length > leftBytes ? chunk.subarray(0, leftBytes) : chunk;
        leftBytes -= bytes.length;
        part.gotBytes += bytes.length;
        this.#aheadBytes += bytes.length;
        part.chunks.push(bytes);
        this.#wake();
      }
    } finally {
      this.#end(leave);
    }
    if (leftBytes > 0) {
      throw new OriginCutShortError(shownUrl(this.#url), askedBytes - leftBytes, askedBytes);
    }
  }

  async *#bytes(): AsyncGenerator<Uint8Array> {
    try {
      for (let atByte = this.#request.range.startByte; atByte < this.#endByte;) {
        const [part] = this.#parts;
        const chunk = part?.chunks.shift();
        if (chunk !== undefined) {
          atByte += chunk.length;
          this.#aheadBytes -= chunk.length;
          this.#wake();
          yield chunk;
        } else if (part?.isDone === true) {
          if (part.error !== undefined) throw asError(part.error);
          this.#parts.shift();
          if (part.startByte === part.endByte) return;
        } else await this.#changed();
      }
    } finally {
      this.#stop.abort(new Error('the answer was read'));
    }
  }

  async #leave(mostBytes: number): Promise<RequestLeave> {
    this.#waiting++;
    this.#tellIfHeldBack();
    try {
      const way = new URL(this.#url).host;
      return await this.#request.pacing.leave(way, mostBytes, { signal: this.#signal });
    } finally {
      this.#waiting--;
      this.#tellIfHeldBack();
    }
  }

  #tellIfHeldBack(): void {
    // Whoever waits for what is on its way has nobody to be patient with but the origin.
    const isHeldBack = this.#waiting > 0 && this.#inFlight === 0;
    if (isHeldBack === this.#isHeldBack) return;
    this.#isHeldBack = isHeldBack;
    this.#request.onHeldBack?.(isHeldBack);
  }

  #takeNext(bytes: number): Part {
    const startByte = this.#nextByte;
    const endByte = Math.min(this.#endByte, startByte + bytes);
    this.#nextByte = endByte;
    const part = emptyPart({ startByte, endByte });
    this.#parts.push(part);
    return part;
  }

  async #untilRoom(): Promise<void> {
    while (this.#aheadBytes > MOST_AHEAD_BYTES || this.#inFlight >= MOST_REQUESTS) {
      await this.#changed();
    }
    this.#signal.throwIfAborted();
  }

  /** After a failure nothing is asked for until it may have passed. */
  async #untilCalm(): Promise<void> {
    for (;;) {
      const waitMs = this.#notBeforeMs - performance.now();
      if (waitMs <= 0) return;
      await sleep(waitMs, undefined, { signal: this.#signal });
    }
  }

  /** Resolves at the next change. */
  async #changed(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiters.add(resolve);
    await promise;
  }

  #wake(): void {
    for (const resolve of this.#waiters) resolve();
    this.#waiters.clear();
  }
}

function untilClosed(body: Readable, leave: RequestLeave): Readable {
  body.once('close', () => leave[Symbol.dispose]());
  return body;
}
