import { createHash } from 'node:crypto';
import { KIB, MIB } from '@peer-cache/core';
import { field, OriginProtocolError, shownUrl } from '@peer-cache/transport';
import type { OriginResponse } from '@peer-cache/transport';
import { dialectOf } from './dialect.ts';
import type { Dialect, UploadOffset } from './dialect.ts';
import { UploadDamagedError, UploadForgottenError } from './errors.ts';
import { lengthField, sendPart } from './send-part.ts';
import { SentDigest } from './sent-digest.ts';
import { Tries } from './tries.ts';
import type { UploadJourney, UploadSession } from './upload-journey.ts';
import { uploadErrorOf } from './upload-status.ts';

/** One request brings no more: where it breaks off, a server may keep nothing of it. */
const MOST_PART_BYTES = 256 * MIB;
/** The last one goes apart: it says what the whole hashes to, which is known only then. */
const LAST_PART_BYTES = 1 * MIB;
/** Held in memory to be hashed before it is sent, where the server checks each request. */
const CHECKED_PART_BYTES = 4 * MIB;
/** As far as a body is made smaller for a server, or what stands before it, that takes no larger one. */
const LEAST_PART_BYTES = 512 * KIB;
const MOST_BEGINNINGS = 3;
/** Another request of this upload has not ended yet, as the server sees it: 423 of tus. */
const LOCKED = 423;
/** It holds another number of bytes than we thought. */
const OTHER_OFFSET = 409;
const TOO_LARGE = 413;
const CHECKSUM_WRONG = 460;
const DIGEST_WRONG = 422;
const GONE: ReadonlySet<number> = new Set([404, 410]);

/** Sends a file so that it can go on where it broke off: by tus, or as the IETF has it. */
export class ResumableUpload {
  readonly #journey: UploadJourney;
  readonly #dialect: Dialect;
  readonly #digest = new SentDigest();
  readonly #tries = new Tries();
  #session: UploadSession;
  #mostPartBytes: number;
  #beginnings = 0;
  #farthestByte = 0;
  /** Why what the server had was given up. */
  #lastFailure: Error | undefined;

  constructor(journey: UploadJourney, session: UploadSession) {
    this.#journey = journey;
    this.#session = session;
    this.#dialect = dialectOf(session.protocol === 'ietf' ? 'ietf' : 'tus');
    this.#mostPartBytes = session.checksum === undefined ? MOST_PART_BYTES : CHECKED_PART_BYTES;
  }

  /** Resolves with the answer in which the server said that it has all. */
  async run(): Promise<OriginResponse> {
    for (;;) {
      try {
        const response = this.#session.url === undefined ? await this.#begin() : await this.#ask();
        const last = await this.#sendRest(response);
        if (last !== undefined) return last;
      } catch (error) {
        await this.#tries.failed(error, this.#journey);
      }
    }
  }

  get #sizeBytes(): number {
    return this.#journey.file.state.sizeBytes;
  }

  /** Has the server make a place for the file. */
  async #begin(): Promise<OriginResponse> {
    const { target, name, progress } = this.#journey;
    if (this.#beginnings++ >= MOST_BEGINNINGS) {
      throw this.#lastFailure ?? new UploadForgottenError(shownUrl(target));
    }
    const { sizeBytes } = this.#journey.file.state;
    const headers = this.#dialect.creation({ name, sizeBytes });
    const response = await sendPart(this.#journey, 'POST', { url: target, headers });
    if (response.status !== 201 && response.status !== 200) this.#refuse(target, response);
    const location = field(response.fields, 'location');
    const url = location === undefined ? null : URL.parse(location, response.url);
    if (url === null || !isOwn(url, response.url)) {
      throw new OriginProtocolError(shownUrl(target), 'no place for the upload on its own host');
    }
    // Journaled before the first byte goes out, so that it is found again.
    await this.#remember({ ...this.#session, url: url.href });
    progress.begun(sizeBytes, 0);
    return response;
  }

  /** How much the server has of it. */
  async #ask(): Promise<OriginResponse> {
    const { progress } = this.#journey;
    const { url = '' } = this.#session;
    const headers = this.#dialect.question();
    const response = await sendPart(this.#journey, 'HEAD', { url, headers });
    if (GONE.has(response.status)) {
      await this.#remember({ ...this.#session, url: undefined });
      progress.warned('UPLOAD_EXPIRED', url, 'is gone; the upload begins anew');
      return await this.#begin();
    }
    if (response.status >= 300) this.#refuse(url, response);
    const { offsetBytes } = this.#offsetIn(response, url);
    if (progress.sizeBytes === undefined) progress.begun(this.#sizeBytes, offsetBytes);
    else progress.confirmed(offsetBytes);
    return response;
  }

  /** Undefined where the server has to be asked anew how far it has come. */
  async #sendRest(from: OriginResponse): Promise<OriginResponse | undefined> {
    let answer = from;
    // The answer to a creation need not say that nothing is there yet.
    let offset = this.#dialect.offset(from.fields) ?? this.#dialect.beginning;
    while (!this.#isWhole(offset)) {
      this.#advancedTo(offset.offsetBytes);
      const next = await this.#sendPart(offset.offsetBytes);
      if (next === undefined) return undefined;
      answer = next;
      offset = this.#offsetIn(next, next.url);
      this.#journey.progress.confirmed(offset.offsetBytes);
    }
    return answer;
  }

  #isWhole({ offsetBytes, isComplete }: UploadOffset): boolean {
    return offsetBytes === this.#sizeBytes && isComplete !== false;
  }

  async #sendPart(startByte: number): Promise<OriginResponse | undefined> {
    const { file, signal } = this.#journey;
    const { url = '', checksum } = this.#session;
    const endByte = this.#endOfPart(startByte);
    const isLast = endByte === this.#sizeBytes;
    const isHeld = isLast || checksum !== undefined;
    const held = isHeld
      ? await file.read(startByte, Buffer.allocUnsafeSlow(endByte - startByte))
      : undefined;
    if (held !== undefined) this.#digest.feed(startByte, held);
    const range = {
      url,
      startByte,
      endByte,
      held,
      onBytes: (at: number, bytes: Uint8Array) => this.#digest.feed(at, bytes),
    };
    const headers = {
      ...this.#dialect.part({ startByte, isLast, sizeBytes: this.#sizeBytes }),
      ...lengthField(range),
      ...(held !== undefined && checksum !== undefined && checksumField(checksum, held)),
      ...(isLast && { 'repr-digest': await this.#digest.field(file, signal) }),
    };
    // After the last byte is read, and before the server takes the file for whole.
    if (isLast) await file.check();
    const response = await sendPart(this.#journey, 'PATCH', { url, headers, range });
    return response.status < 300 ? response : await this.#judge(response, endByte - startByte);
  }

  #endOfPart(startByte: number): number {
    const leftBytes = this.#sizeBytes - startByte;
    const most = Math.min(this.#mostPartBytes, leftBytes);
    const isSplit = most === leftBytes && leftBytes > LAST_PART_BYTES;
    return startByte + (isSplit ? Math.min(most, leftBytes - LAST_PART_BYTES) : most);
  }

  /** What a refusal of some bytes means; undefined where the offset tells how to go on. */
  async #judge(response: OriginResponse, bytes: number): Promise<undefined> {
    const { status } = response;
    const { url = '' } = this.#session;
    if (status === OTHER_OFFSET || GONE.has(status)) return this.#count();
    if (status === TOO_LARGE && bytes > LEAST_PART_BYTES) {
      this.#mostPartBytes = Math.max(LEAST_PART_BYTES, Math.floor(bytes / 8));
      return undefined;
    }
    if (status === CHECKSUM_WRONG) throw new UploadDamagedError(shownUrl(url), `HTTP ${status}`);
    if (status === DIGEST_WRONG) {
      // What is there can't become the file any more.
      await this.#remember({ ...this.#session, url: undefined });
      this.#lastFailure = new UploadDamagedError(shownUrl(url), `HTTP ${status}`);
      return undefined;
    }
    return this.#refuse(url, response);
  }

  #offsetIn(response: OriginResponse, url: string): UploadOffset {
    const offset = this.#dialect.offset(response.fields);
    if (offset === undefined || offset.offsetBytes > this.#sizeBytes) {
      throw new OriginProtocolError(shownUrl(url), 'it does not say rightly how much it has');
    }
    return offset;
  }

  #advancedTo(offsetBytes: number): void {
    if (offsetBytes <= this.#farthestByte) return;
    this.#farthestByte = offsetBytes;
    this.#tries.succeeded();
  }

  /** What it said it has, and what it takes, are at odds. */
  #count(): undefined {
    if (!this.#tries.count()) return undefined;
    throw new OriginProtocolError(shownUrl(this.#journey.target), 'it never takes what it lacks');
  }

  async #remember(session: UploadSession): Promise<void> {
    this.#session = session;
    await this.#journey.onSession(session);
  }

  #refuse(url: string, { status, fields }: OriginResponse): never {
    if (status === LOCKED) this.#journey.progress.warned('UPLOAD_LOCKED', url, 'is locked');
    throw uploadErrorOf(url, status, { fields, sizeBytes: this.#sizeBytes });
  }
}

/** Where the bytes go must be the server that was named: no other is shown them. */
function isOwn(url: URL, base: string): boolean {
  const from = new URL(base);
  const isAsSafe = url.protocol === 'https:' || url.protocol === from.protocol;
  return url.host === from.host && isAsSafe;
}

function checksumField(name: 'sha256' | 'sha1', bytes: Uint8Array): Record<string, string> {
  return { 'upload-checksum': `${name} ${createHash(name).update(bytes).digest('base64')}` };
}
