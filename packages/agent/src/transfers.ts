import { setTimeout as delay } from 'node:timers/promises';
import { ALWAYS } from '@peer-cache/bandwidth';
import type { Turn } from '@peer-cache/bandwidth';
import type { Log } from '@peer-cache/core';
import { Progress } from '@peer-cache/download';
import type { Downloader, FetchedContent } from '@peer-cache/download';
import type { JobQueue } from '@peer-cache/jobs';
import type {
  BytesBySource,
  GetDone,
  GetEvent,
  GetFailed,
  GetRequest,
  StreamRequest,
  TransferStatus,
} from '@peer-cache/protocol';
import { shownUrl } from '@peer-cache/transport';
import { DownloadCancelledError } from './errors.ts';
import { failureOf } from './failure.ts';

/** Often enough for a bar that moves smoothly, seldom enough to cost nothing. */
const EVENT_INTERVAL_MS = 100;

export interface TransfersParts {
  readonly downloader: Downloader;
  readonly log: Log;
  /** Who lets jobs make way: a person waits for these. */
  readonly scheduler?: Pick<JobQueue['scheduler'], 'enter' | 'forget'> | undefined;
}

/** The downloads of one agent: those that run, and what all of them received. */
export class Transfers {
  readonly #parts: TransfersParts;
  readonly #running = new Set<Transfer>();
  readonly #received = { store: 0, peers: 0, origin: 0 };
  #begun = 0;

  constructor(parts: TransfersParts) {
    this.#parts = parts;
  }

  /** Cancels what runs and waits for its end. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(Array.from(this.#running, (each) => each[Symbol.asyncDispose]()));
  }

  /** Content bytes by source, of all downloads since the start. */
  received(): BytesBySource {
    return { ...this.#received };
  }

  list(): TransferStatus[] {
    return Array.from(this.#running, (transfer) => transfer.status());
  }

  /** Fetches a content to a file and tells how it goes; whoever stops listening cancels it. */
  async *get(
    { url, path, overwrite, mirrors }: GetRequest,
    { signal }: { readonly signal: AbortSignal },
  ): AsyncGenerator<GetEvent> {
    await using transfer = this.#begin({ url, path }, signal);
    const { downloader } = this.#parts;
    using turn = this.#enter();
    const { signal: stopped, progress } = transfer;
    const options = { overwrite, mirrors, signal: stopped, progress, turn };
    const end = transfer.outcome(() => downloader.getFile(url, path, options));
    yield* transfer.eventsUntil(end);
    yield this.#ended(transfer, await end);
  }

  /** The same for a stream: the content's bytes in order come between the events. */
  async *stream(
    { url, mirrors }: StreamRequest,
    { signal }: { readonly signal: AbortSignal },
  ): AsyncGenerator<GetEvent | Uint8Array> {
    await using transfer = this.#begin({ url }, signal);
    const { downloader } = this.#parts;
    using turn = this.#enter();
    const { signal: stopped, progress } = transfer;
    const options = { mirrors, signal: stopped, progress, turn };
    const bytes = downloader.stream(url, options);
    const end = yield* transfer.passOn(bytes);
    yield this.#ended(transfer, end);
  }

  /** A place before all jobs in the background. */
  #enter(): Turn & Disposable {
    const { scheduler } = this.#parts;
    if (scheduler === undefined) return { ...ALWAYS, [Symbol.dispose]: () => undefined };
    const id = `get ${this.#begun++}`;
    const seat = scheduler.enter(id, 'foreground', { isFixed: true });
    return {
      isUrgent: true,
      pacing: seat.pacing,
      ask: (kind, blocks) => seat.ask(kind, blocks),
      onFree: (listener) => seat.onFree(listener),
      [Symbol.dispose]() {
        seat[Symbol.dispose]();
        scheduler.forget(id);
      },
    };
  }

  #begin(target: { url: string; path?: string }, signal: AbortSignal): Transfer {
    const transfer = new Transfer(target, signal, () => this.#running.delete(transfer));
    transfer.progress.on('bytes-received', ({ kind, bytes }) => {
      this.#received[kind === 'peer' ? 'peers' : kind] += bytes;
    });
    this.#running.add(transfer);
    return transfer;
  }

  #ended(transfer: Transfer, end: GetDone | GetFailed): GetDone | GetFailed {
    const { log } = this.#parts;
    const url = shownUrl(transfer.url);
    if (end.event === 'failed')
      log.warn({ url, code: end.code, message: end.message }, 'download failed');
    else log.info({ ...end, url, event: undefined }, 'download done');
    return end;
  }
}

/** One download while it runs. Disposing cancels it and waits for its end. */
class Transfer implements AsyncDisposable {
  readonly url: string;
  readonly progress = new Progress();
  readonly signal: AbortSignal;
  readonly #path: string | undefined;
  readonly #leave = new AbortController();
  readonly #forget: () => void;
  readonly #startedMs = performance.now();
  readonly #pending: GetEvent[] = [];
  readonly #peers = new Set<string>();
  #toldBytes = 0;
  #end: Promise<unknown> = Promise.resolve();

  constructor(
    { url, path }: { url: string; path?: string },
    signal: AbortSignal,
    forget: () => void,
  ) {
    this.url = url;
    this.#path = path;
    this.#forget = forget;
    this.signal = AbortSignal.any([signal, this.#leave.signal]);
    this.progress.on('content-described', (described) => {
      this.#pending.push({ event: 'started', ...described });
    });
    this.progress.on('download-warned', (warning) => {
      this.#pending.push({ event: 'warned', ...warning });
    });
    this.progress.on('bytes-received', ({ kind, sourceName }) => {
      if (kind === 'peer') this.#peers.add(sourceName);
    });
  }

  status(): TransferStatus {
    const { sizeBytes, doneBytes, bytes } = this.progress;
    return { url: shownUrl(this.url), path: this.#path, sizeBytes, doneBytes, bytes };
  }

  /** How the task ended, as the last event; never rejects. */
  async outcome(task: () => Promise<FetchedContent>): Promise<GetDone | GetFailed> {
    const end = this.#outcome(task);
    this.#end = end;
    return await end;
  }

  /** What there is to tell, now and then, until `end` has come. */
  async *eventsUntil(end: Promise<unknown>): AsyncGenerator<GetEvent> {
    const stop = new AbortController();
    const ended = end.then(() => stop.abort());
    while (!stop.signal.aborted) {
      await Promise.race([ended, pause(stop.signal)]);
      yield* this.#news();
    }
  }

  /** The bytes with what there is to tell between them; returns the last event. */
  async *passOn(
    bytes: ReadableStream<Uint8Array>,
  ): AsyncGenerator<GetEvent | Uint8Array, GetDone | GetFailed> {
    let sizeBytes = 0;
    let toldMs = 0;
    try {
      for await (const part of bytes) {
        sizeBytes += part.length;
        yield part;
        if (performance.now() - toldMs < EVENT_INTERVAL_MS) continue;
        toldMs = performance.now();
        yield* this.#news();
      }
    } catch (error) {
      return this.#failed(error);
    }
    yield* this.#news();
    return this.#done({ sizeBytes, digest: undefined });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#leave.abort();
    await this.#end;
    this.#forget();
  }

  async #outcome(task: () => Promise<FetchedContent>): Promise<GetDone | GetFailed> {
    try {
      return this.#done(await task());
    } catch (error) {
      return this.#failed(error);
    }
  }

  *#news(): Generator<GetEvent> {
    yield* this.#pending.splice(0);
    const { doneBytes, bytes } = this.progress;
    if (doneBytes === this.#toldBytes) return;
    this.#toldBytes = doneBytes;
    yield { event: 'progress', doneBytes, bytes, peerCount: this.#peers.size };
  }

  #done({ sizeBytes, digest }: FetchedContent): GetDone {
    return {
      event: 'done',
      path: this.#path,
      sizeBytes,
      digest: digest && Buffer.from(digest).toString('hex'),
      bytes: this.progress.bytes,
      peerCount: this.#peers.size,
      seconds: Math.round(performance.now() - this.#startedMs) / 1000,
    };
  }

  #failed(error: unknown): GetFailed {
    const cause = this.signal.aborted ? new DownloadCancelledError(shownUrl(this.url)) : error;
    return { event: 'failed', ...failureOf(cause) };
  }
}

async function pause(signal: AbortSignal): Promise<void> {
  try {
    await delay(EVENT_INTERVAL_MS, undefined, { signal, ref: false });
  } catch {
    // Woken early: the download has ended.
  }
}
