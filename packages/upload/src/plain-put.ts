import { discard, shownUrl } from '@peer-cache/transport';
import type { OriginResponse } from '@peer-cache/transport';
import { numberIn } from './dialect.ts';
import { UploadDamagedError } from './errors.ts';
import { lengthField, sendPart } from './send-part.ts';
import type { UploadJourney } from './upload-journey.ts';
import { uploadErrorOf } from './upload-status.ts';

/**
 * Sends a file by one PUT, to a server that knows of nothing better: one that breaks off begins
 * again from its first byte. Afterwards the server is asked whether it has as many bytes as were
 * sent.
 */
export async function putPlainly(journey: UploadJourney): Promise<OriginResponse> {
  const { file, target, name, progress } = journey;
  const { sizeBytes } = file.state;
  const url = target.endsWith('/') ? new URL(encodeName(name), target).href : target;
  progress.begun(sizeBytes, 0);
  const range = {
    url,
    startByte: 0,
    endByte: sizeBytes,
    read: async (startByte: number, into: Uint8Array) => {
      const read = await file.read(startByte, into);
      // Before the last of it goes out: a server takes what it got by then for the whole.
      if (startByte + into.length === sizeBytes) await file.check();
      return read;
    },
  };
  const headers = { ...lengthField(range), 'content-type': 'application/octet-stream' };
  const response = await sendPart(journey, 'PUT', { url, headers, range });
  const { status, fields } = response;
  if (status >= 300) throw uploadErrorOf(url, status, { fields, sizeBytes });
  await checkStored(journey, url);
  progress.confirmed(sizeBytes);
  return response;
}

/** Where the server tells nothing of the file, its success has to do. */
async function checkStored({ http, file, signal }: UploadJourney, url: string): Promise<void> {
  const { status, fields, body } = await http.send(url, { method: 'HEAD', headers: {}, signal });
  discard(body);
  const storedBytes = status === 200 ? numberIn(fields, 'content-length') : undefined;
  if (storedBytes === undefined || storedBytes === file.state.sizeBytes) return;
  throw new UploadDamagedError(shownUrl(url), `it has ${storedBytes} bytes`);
}

function encodeName(name: string): string {
  return name.split('/').map(encodeURIComponent).join('/');
}
