import { setTimeout as wait } from 'node:timers/promises';

/** Tasks that run until they end or this is disposed, which waits for them. */
export class Background implements AsyncDisposable {
  readonly #stop = new AbortController();
  readonly #tasks = new Set<Promise<void>>();

  get count(): number {
    return this.#tasks.size;
  }

  /** Starts a task. The only thing that it may throw is an aborted {@link wait}. */
  run(task: () => Promise<void>): void {
    if (this.#stop.signal.aborted) return;
    const running = this.#contained(task());
    this.#tasks.add(running);
    // Anything else that is thrown is a mistake of ours and must not go unseen.
    void running.then(() => this.#tasks.delete(running));
  }

  /** For tasks: throws when this is disposed meanwhile. */
  wait(delayMs: number): Promise<void> {
    return wait(delayMs, undefined, { signal: this.#stop.signal, ref: false });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#tasks);
  }

  async #contained(task: Promise<void>): Promise<void> {
    try {
      await task;
    } catch (error) {
      if (!this.#stop.signal.aborted) throw error;
    }
  }
}
