import type { Readable } from 'node:stream';
import { KIB } from '@peer-cache/core';
import { field, OriginProtocolError, shownUrl } from '@peer-cache/transport';
import type { OriginResponse } from '@peer-cache/transport';
import { UploadDamagedError } from './errors.ts';
import type { SentRange } from './part-body.ts';
import { ANSWER_MS, lengthField, sendPart } from './send-part.ts';
import { Tries } from './tries.ts';
import type { PartsPlan, UploadJourney, UploadSession } from './upload-journey.ts';
import { uploadErrorOf } from './upload-status.ts';

/** Several at a time, so that none waits for the answer to another. */
const MOST_UNDER_WAY = 3;
const MOST_ANSWER_BYTES = 64 * KIB;

interface DonePart {
  readonly index: number;
  readonly etag: string;
}

/**
 * Sends a file in parts to URLs that somebody who may write there has signed (multipart uploads of
 * S3): each part by itself, again where it breaks off, and then says that these parts are the file.
 */
export class MultipartUpload {
  readonly #journey: UploadJourney;
  readonly #plan: PartsPlan;
  readonly #stop = new AbortController();
  readonly #done = new Map<number, string>();
  #session: UploadSession;
  #nextIndex = 0;

  constructor(journey: UploadJourney, session: UploadSession, plan: PartsPlan) {
    this.#journey = journey;
    this.#plan = plan;
    this.#session = session;
    for (const { index, etag } of session.parts ?? []) this.#done.set(index, etag);
  }

  /** Resolves with the answer in which the server said that the parts are a file. */
  async run(): Promise<OriginResponse> {
    const { file, progress, target } = this.#journey;
    const { sizeBytes } = file.state;
    const { partBytes, partUrls } = this.#plan;
    if (Math.max(1, Math.ceil(sizeBytes / partBytes)) !== partUrls.length) {
      const reason = `${partUrls.length} parts of ${partBytes} bytes are not ${sizeBytes} bytes`;
      throw new OriginProtocolError(shownUrl(target), reason);
    }
    const doneBytes = [...this.#done.keys()].reduce((sum, index) => sum + this.#bytesOf(index), 0);
    progress.begun(sizeBytes, doneBytes);
    const workers = Array.from({ length: MOST_UNDER_WAY }, () => this.#work());
    try {
      await Promise.all(workers);
    } finally {
      // The others of one that failed end, too, before anything else happens to the file.
      this.#stop.abort(new Error('another part failed'));
      await Promise.allSettled(workers);
    }
    await file.check();
    return await this.#complete();
  }

  async #work(): Promise<void> {
    for (
      let index = this.#nextIndex++;
      index < this.#plan.partUrls.length;
      index = this.#nextIndex++
    ) {
      if (this.#done.has(index)) continue;
      const etag = await this.#sendPart(index);
      this.#done.set(index, etag);
      this.#journey.progress.arrived(this.#bytesOf(index));
      const parts: DonePart[] = Array.from(this.#done, ([at, tag]) => ({ index: at, etag: tag }));
      await this.#remember({ ...this.#session, parts });
    }
  }

  async #sendPart(index: number): Promise<string> {
    const { progress, leave } = this.#journey;
    const signal = AbortSignal.any([this.#journey.signal, this.#stop.signal]);
    const tries = new Tries();
    for (;;) {
      let sentBytes = 0;
      const onBytes = (_: number, bytes: Uint8Array): void => void (sentBytes += bytes.length);
      try {
        return await this.#putPart(index, { signal, onBytes });
      } catch (error) {
        // None of it is there; the other parts go on meanwhile.
        progress.lost(sentBytes);
        await tries.failed(error, { signal, leave });
      }
    }
  }

  async #putPart(index: number, options: Pick<SentRange, 'signal' | 'onBytes'>): Promise<string> {
    const { sizeBytes } = this.#journey.file.state;
    const url = this.#plan.partUrls[index] ?? '';
    const startByte = index * this.#plan.partBytes;
    const range = { url, startByte, endByte: startByte + this.#bytesOf(index), ...options };
    const headers = lengthField(range);
    const { status, fields } = await sendPart(this.#journey, 'PUT', { url, headers, range });
    if (status >= 300) throw uploadErrorOf(url, status, { fields, sizeBytes });
    const etag = field(fields, 'etag');
    if (etag === undefined) throw new OriginProtocolError(shownUrl(url), 'a part without an ETag');
    return etag;
  }

  /** Success is told by the body: an answer of 200 may hold an error. */
  async #complete(): Promise<OriginResponse> {
    const { http, signal, file, progress, answerMs = ANSWER_MS } = this.#journey;
    const { completeUrl: url } = this.#plan;
    const isAgain = this.#session.isCompleting === true;
    await this.#remember({ ...this.#session, isCompleting: true });
    const body = Buffer.from(completionOf(this.#done));
    const headers = { 'content-type': 'application/xml', 'content-length': `${body.length}` };
    const sent = { method: 'POST', headers, signal, answerMs, body: () => body } as const;
    const response = await http.send(url, sent);
    const { status, fields } = response;
    const said = await beginningOf(response.body);
    progress.answered(response);
    // The first answer was lost: what was completed is known no more.
    if (status === 404 && isAgain) {
      progress.warned('UPLOAD_UNCONFIRMED', url, 'was completed before, as far as anybody knows');
      return response;
    }
    const { sizeBytes } = file.state;
    if (status >= 300) throw uploadErrorOf(url, status, { fields, sizeBytes });
    const [, code] = /<Error>[\s\S]*?<Code>([\w.]{1,100})<\/Code>/.exec(said) ?? [];
    if (code !== undefined) throw new UploadDamagedError(shownUrl(url), code);
    return response;
  }

  #bytesOf(index: number): number {
    const { sizeBytes } = this.#journey.file.state;
    return Math.min(this.#plan.partBytes, sizeBytes - index * this.#plan.partBytes);
  }

  async #remember(session: UploadSession): Promise<void> {
    this.#session = session;
    await this.#journey.onSession(session);
  }
}

/** As much of an answer as is looked at; the rest is not taken. */
async function beginningOf(body: Readable): Promise<string> {
  let said = '';
  for await (const chunk of body) {
    said += String(chunk);
    if (said.length > MOST_ANSWER_BYTES) break;
  }
  return said;
}

/** The parts in their order, numbered from 1. Pure. */
export function completionOf(etags: ReadonlyMap<number, string>): string {
  const parts = [...etags]
    .toSorted(([a], [b]) => a - b)
    .map(([index, etag]) => {
      return `<Part><PartNumber>${index + 1}</PartNumber><ETag>${escaped(etag)}</ETag></Part>`;
    });
  return `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`;
}

function escaped(value: string): string {
  return value
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
