import { shownUrl } from '@peer-cache/transport';
import type { OriginResponse } from '@peer-cache/transport';
import { numberIn } from './dialect.ts';
import { UploadDamagedError } from './errors.ts';
import { partBody } from './part-body.ts';
import type { UploadJourney } from './upload-journey.ts';
import { wayTo } from './way-probe.ts';
import { uploadErrorOf } from './upload-status.ts';

/**
 * Sends a file by one PUT, to a server that knows of nothing better: one that breaks off begins
 * again from its first byte. Afterwards the server is asked whether it has as many bytes as were
 * sent.
 */
export async function putPlainly(journey: UploadJourney): Promise<OriginResponse> {
  const { http, file, target, name, progress, turn, signal, leave } = journey;
  const { sizeBytes } = file.state;
  const url = target.endsWith('/') ? new URL(encodeName(name), target).href : target;
  progress.begun(sizeBytes, 0);
  const parts = {
    read: async (startByte: number, bytes: number) => {
      const read = await file.read(startByte, bytes);
      // Before the last of it goes out: a server takes what it got by then for the whole.
      if (startByte + bytes === sizeBytes) await file.check();
      return read;
    },
    turn,
    signal,
    leave,
    way: wayTo(url),
    url: shownUrl(url),
    onBytes: (_: number, bytes: Uint8Array) => progress.sent(bytes.length),
  };
  const range = { startByte: 0, endByte: sizeBytes };
  const headers = { 'content-length': `${sizeBytes}`, 'content-type': 'application/octet-stream' };
  const body = () => partBody(parts, range);
  const response = await http.send(url, { method: 'PUT', headers, body, signal });
  response.body.resume();
  progress.answered(response);
  const { status, fields } = response;
  if (status >= 300) throw uploadErrorOf(url, status, { fields, sizeBytes });
  await checkStored(journey, url);
  progress.confirmed(sizeBytes);
  return response;
}

/** Where the server tells nothing of the file, its success has to do. */
async function checkStored({ http, file, signal }: UploadJourney, url: string): Promise<void> {
  const { status, fields, body } = await http.send(url, { method: 'HEAD', headers: {}, signal });
  body.resume();
  const storedBytes = status === 200 ? numberIn(fields, 'content-length') : undefined;
  if (storedBytes === undefined || storedBytes === file.state.sizeBytes) return;
  throw new UploadDamagedError(shownUrl(url), `it has ${storedBytes} bytes`);
}

function encodeName(name: string): string {
  return name.split('/').map(encodeURIComponent).join('/');
}
