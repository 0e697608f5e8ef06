import type { Socket } from 'node:net';
import type { ServerLimits } from './limits.ts';

/** How far what was given to a socket has come. */
export interface SendProgress {
  /** Bytes of writes that are over. */
  readonly doneBytes: number;
  /** Bytes given to the socket whose write isn't over. */
  readonly pendingBytes: number;
  /** Of the write that is going on, what the system hasn't taken yet; undefined where unknown. */
  readonly queuedBytes: number | undefined;
}

/** How many bytes moved between two looks at a socket; the end of a large write counts whole. */
export function movedBytes(before: SendProgress, after: SendProgress): number {
  const doneBytes = after.doneBytes - before.doneBytes;
  if (doneBytes > 0 || before.queuedBytes === undefined || after.queuedBytes === undefined) {
    return doneBytes;
  }
  return Math.max(0, before.queuedBytes - after.queuedBytes);
}

/**
 * Judges one reader, look by look. Nothing else would end an answer that is read a byte a second,
 * and with it the buffer it holds (threat B3). The system takes more only when a third of its own
 * send buffer is free, so a reader is seen to move in steps of up to 1 MiB.
 */
export class ReaderWatch {
  readonly #limits: ServerLimits;
  #window: { readonly startMs: number; readonly progress: SendProgress } | undefined;

  constructor(limits: ServerLimits) {
    this.#limits = limits;
  }

  /** Whether the reader took less than it must for as long as it may. */
  isTooSlow(progress: SendProgress, nowMs: number): boolean {
    const window = this.#window;
    if (progress.pendingBytes === 0) {
      this.#window = undefined;
    } else if (window === undefined) {
      this.#window = { startMs: nowMs, progress };
    } else if (nowMs - window.startMs >= this.#limits.slowReaderMs) {
      this.#window = { startMs: nowMs, progress };
      return movedBytes(window.progress, progress) < this.#limits.slowReaderBytes;
    }
    return false;
  }
}

export function sendProgress(socket: Socket): SendProgress {
  const pendingBytes = socket.writableLength;
  const doneBytes = socket.bytesWritten - pendingBytes;
  return { doneBytes, pendingBytes, queuedBytes: queuedBytes(socket) };
}

/**
 * Node tells how far a write has come only on the socket's handle, where its own idle time-out
 * looks too. Were it not there, a write would count as moved when it is over.
 */
function queuedBytes(socket: Socket): number | undefined {
  const handle: unknown = '_handle' in socket ? socket._handle : undefined;
  if (typeof handle !== 'object' || handle === null || !('writeQueueSize' in handle)) {
    return undefined;
  }
  return typeof handle.writeQueueSize === 'number' ? handle.writeQueueSize : undefined;
}
