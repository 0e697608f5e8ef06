import type { Socket } from 'node:net';
import { KIB } from '@peer-cache/core';

/** All sockets that rest are read again at the same moments, so far apart. */
const BEAT_MS = 20;
/**
 * One that brings more than this from beat to beat does not rest: some 13 Mbit/s. Half of what a
 * system takes in before it is read, at least: else a fast line would look slow because it rests.
 */
const MOST_BYTES_A_BEAT = 32 * KIB;
/** What comes after such a silence is a new answer, which may come faster than the last. */
const SILENCE_MS = 100;
const MEMORY_MS = 200;
/** Of short answers each is soon followed by the next request, for which a beat would be long. */
const PROMPT_BYTES = 256 * KIB;

/**
 * Whether a socket may be left alone until the next beat. A line of some Mbit/s wakes its reader
 * for every packet, thousands of times a second, and each time costs more than the bytes are worth:
 * the system keeps them meanwhile. An answer that comes fast, or is short, is read as it comes.
 */
export class ReadPace {
  #lastMs = Number.NEGATIVE_INFINITY;
  #spanMs = 0;
  #bytes = 0;
  #answerBytes = PROMPT_BYTES;

  /** Something was asked for: what comes next is read as it comes, for a while. */
  asked(): void {
    this.#lastMs = Number.NEGATIVE_INFINITY;
    this.#answerBytes = 0;
  }

  mayRest(readBytes: number, nowMs: number): boolean {
    const sinceMs = nowMs - this.#lastMs;
    this.#lastMs = nowMs;
    this.#answerBytes += readBytes;
    if (sinceMs > SILENCE_MS) {
      this.#spanMs = 0;
      this.#bytes = readBytes;
      return false;
    }
    this.#spanMs += sinceMs;
    this.#bytes += readBytes;
    const bytesABeat = (this.#bytes * BEAT_MS) / this.#spanMs;
    if (this.#spanMs > MEMORY_MS) {
      this.#spanMs /= 2;
      this.#bytes /= 2;
    }
    return this.#answerBytes > PROMPT_BYTES && bytesABeat <= MOST_BYTES_A_BEAT;
  }
}

/**
 * For the `onread` callback of a socket: whether to read on. Where not, reading goes on by itself
 * at the next beat.
 */
export function readsOn(socket: Socket, pace: ReadPace, readBytes: number): boolean {
  if (!pace.mayRest(readBytes, performance.now())) return true;
  atNextBeat(() => socket.resume());
  return false;
}

/** Has a socket that others read, as a stream, keep to its pace. */
export function paceReads(socket: Socket): void {
  const pace = new ReadPace();
  const push = socket.push.bind(socket);
  const read = socket._read.bind(socket);
  let isResting = false;
  let isWanted = false;
  const wake = (): void => {
    isResting = false;
    if (isWanted) read(0);
    isWanted = false;
  };
  socket.write = new Proxy(socket.write.bind(socket), {
    apply(write, _self, call) {
      pace.asked();
      if (isResting) wake();
      return Reflect.apply(write, undefined, call);
    },
  });
  socket.push = (chunk: unknown, encoding) => {
    const wantsMore = push(chunk, encoding);
    if (!(chunk instanceof Uint8Array) || !pace.mayRest(chunk.length, performance.now())) {
      return wantsMore;
    }
    isResting = true;
    atNextBeat(() => isResting && wake());
    // The socket stops until `_read` is called, as it is when its reader has taken the chunk.
    return false;
  };
  socket._read = (size) => {
    if (isResting) isWanted = true;
    else read(size);
  };
}

const resting = new Set<() => void>();

function atNextBeat(wake: () => void): void {
  resting.add(wake);
  if (resting.size > 1) return;
  setTimeout(() => {
    const wakes = [...resting];
    resting.clear();
    for (const each of wakes) each();
  }, BEAT_MS);
}
