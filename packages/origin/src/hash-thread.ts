import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { HashAnswers, HashTask } from './hash-passes.ts';

/**
 * A bundle must hold `hash-worker.ts` as a second entry: in the bundle's folder, under this name,
 * with the bundle's own extension.
 */
const WORKER_URL = new URL(
  new URL('./hash-worker.ts', import.meta.url).href.replace(/\.ts$/, extname(import.meta.url)),
);

/** A worker thread that hashes one file at a time. It keeps the process alive only at work. */
export class HashThread implements AsyncDisposable {
  readonly #worker = new Worker(WORKER_URL);
  #failure: Error | undefined;
  #fail: (error: Error) => void = () => {};

  constructor() {
    this.#worker.on('error', (error) => this.#end(error));
    this.#worker.on('exit', () => this.#end(new Error('the hashing thread ended')));
    this.#worker.unref();
  }

  /** Throws whatever the thread failed with; it is then of no further use. */
  async run<Pass extends HashTask['pass']>(
    pass: Pass,
    fd: number,
    sizeBytes: number,
  ): Promise<HashAnswers[Pass]> {
    if (this.#failure !== undefined) throw this.#failure;
    this.#worker.ref();
    try {
      return await new Promise((resolve, reject) => {
        this.#fail = reject;
        this.#worker.once('message', resolve);
        this.#worker.postMessage({ pass, fd, sizeBytes } satisfies HashTask, []);
      });
    } finally {
      this.#worker.unref();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }

  #end(error: Error): void {
    this.#failure ??= error;
    this.#fail(this.#failure);
  }
}
