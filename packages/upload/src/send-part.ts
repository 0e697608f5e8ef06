import type { OriginResponse, OriginSending } from '@peer-cache/transport';
import { partBody } from './part-body.ts';
import type { SentRange } from './part-body.ts';
import type { UploadJourney } from './upload-journey.ts';

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
  const { http, target, progress } = journey;
  const { signal = journey.signal } = range ?? {};
  const body = range === undefined ? undefined : () => partBody(journey, range);
  const response = await http.send(url, { method, headers, signal, linkedFrom: target, body });
  response.body.resume();
  progress.answered(response);
  return response;
}

/** As much as the range has. */
export function lengthField({ startByte, endByte }: SentRange): Fields {
  return { 'content-length': `${endByte - startByte}` };
}
