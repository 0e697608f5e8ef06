import { MINUTE_MS } from '@peer-cache/core';
import { discard } from '@peer-cache/transport';
import type { OriginResponse, OriginSending } from '@peer-cache/transport';
import { partBody } from './part-body.ts';
import type { SentRange } from './part-body.ts';
import type { UploadJourney } from './upload-journey.ts';

/** A server may have much to do with what it got: hash it, copy it, tell somebody of it. */
export const ANSWER_MS: number = 2 * MINUTE_MS;

type Fields = Readonly<Record<string, string>>;

/** Sends one request of an upload, with some of its bytes or none; its answer is its header alone. */
export async function sendPart(
  journey: UploadJourney,
  method: OriginSending['method'],
  {
    url,
    headers,
    range,
  }: { readonly url: string; readonly headers: Fields; readonly range?: SentRange },
): Promise<OriginResponse> {
  const { http, target, progress, answerMs = ANSWER_MS } = journey;
  const { signal = journey.signal } = range ?? {};
  const body = range === undefined ? undefined : () => partBody(journey, range);
  const sent = { method, headers, signal, linkedFrom: target, body, answerMs };
  const response = await http.send(url, sent);
  discard(response.body);
  progress.answered(response);
  return response;
}

/** As much as the range has. */
export function lengthField({ startByte, endByte }: SentRange): Fields {
  return { 'content-length': `${endByte - startByte}` };
}
