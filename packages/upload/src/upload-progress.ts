import { EventEmitter } from 'node:events';
import { shownFields, shownUrl } from '@peer-cache/transport';
import type { OriginResponse } from '@peer-cache/transport';

/** Facts about one upload, for observers. */
export interface UploadEvents {
  /** The server knows of the upload, and has so much of it already. */
  'upload-begun': [{ readonly sizeBytes: number; readonly offsetBytes: number }];
  /** Handed to the network; whether they arrived is known with the next answer. */
  'bytes-sent': [{ readonly bytes: number }];
  /** The server has more of it than it ever said before. */
  'bytes-confirmed': [];
  /** The server has answered a request that brought something. */
  'origin-answered': [{ readonly headers: Readonly<Record<string, string>> }];
  /** Something is not as it should be, and the upload copes. */
  'upload-warned': [{ readonly code: string; readonly message: string }];
}

/** What an upload has done so far. */
export class UploadProgress extends EventEmitter<UploadEvents> {
  #sizeBytes: number | undefined;
  #doneBytes = 0;
  #confirmedBytes = 0;

  get sizeBytes(): number | undefined {
    return this.#sizeBytes;
  }

  /** Sent, as far as the server has not said otherwise. */
  get doneBytes(): number {
    return this.#doneBytes;
  }

  begun(sizeBytes: number, offsetBytes: number): void {
    this.#sizeBytes = sizeBytes;
    this.#doneBytes = offsetBytes;
    this.#confirmedBytes = offsetBytes;
    this.emit('upload-begun', { sizeBytes, offsetBytes });
  }

  sent(bytes: number): void {
    this.#doneBytes += bytes;
    this.emit('bytes-sent', { bytes });
  }

  /** What the server says counts: of what was sent, some may be lost. */
  confirmed(offsetBytes: number): void {
    this.#doneBytes = offsetBytes;
    this.#advance(offsetBytes);
  }

  /** A part of it has arrived; others are on their way. */
  arrived(bytes: number): void {
    this.#advance(this.#confirmedBytes + bytes);
  }

  /** What was sent is not there. */
  lost(bytes: number): void {
    this.#doneBytes -= bytes;
  }

  answered({ fields }: OriginResponse): void {
    this.emit('origin-answered', { headers: shownFields(fields) });
  }

  warned(code: string, url: string, what: string): void {
    this.emit('upload-warned', { code, message: `${shownUrl(url)} ${what}` });
  }

  #advance(toBytes: number): void {
    if (toBytes <= this.#confirmedBytes) return;
    this.#confirmedBytes = toBytes;
    this.emit('bytes-confirmed');
  }
}
