import type { Readable } from 'node:stream';
import type { HeaderFields } from './http-fields.ts';

export interface OriginRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /**
   * The content's own URL, where a link of its origin led to this one: credentials stay with that
   * origin, and a public one leads into no private network. Absent: the URL itself.
   */
  readonly linkedFrom?: string | undefined;
  /** Told when it goes out, once a connection is there. Not by way of a proxy. */
  readonly onSent?: (() => void) | undefined;
  /** How long (ms) the server may take to take what is sent, and to answer: 30 s, unless given. */
  readonly answerMs?: number | undefined;
}

export type RequestBody = Uint8Array | AsyncIterable<Uint8Array>;

export type UploadMethod = 'OPTIONS' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** A request that changes something at the origin, or asks about such. */
export interface OriginSending extends OriginRequest {
  readonly method: UploadMethod;
  /**
   * Called for each try, as a challenge or a redirect has it sent again. Bytes that come one after
   * another are asked for when those before are with the system, but for what a socket keeps back
   * (`writableHighWaterMark`, 64 KiB).
   */
  readonly body?: (() => RequestBody) | undefined;
}

export interface OriginResponse {
  /** Of the answer, after redirects. */
  readonly url: string;
  readonly status: number;
  readonly fields: HeaderFields;
  readonly body: Readable;
}
