import { MIB } from '@peer-cache/core';
import type { HashedContent } from '@peer-cache/core';
import type { ContentFile } from './content-file.ts';
import { ContentChangedError, ContentUnreadableError } from './errors.ts';
import { hashBoth } from './hash-passes.ts';
import { HashThread } from './hash-thread.ts';

/**
 * Contents up to this size are hashed on the event loop, a third of a millisecond at a time: ten
 * milliseconds in all at most, less than a thread takes to start.
 */
export const HASHED_HERE_BYTES: number = 32 * MIB;

/**
 * Hashes files. A large one is read by two threads side by side, since block hashes and digest
 * are two passes of BLAKE3 over the bytes. Large files take turns, and so do small ones.
 */
export class FileHasher implements AsyncDisposable {
  readonly #disposed = new AbortController();
  #threads: Threads | undefined;
  readonly #smallTurns = new Turns();
  readonly #largeTurns = new Turns();

  /**
   * Hashes an open file, which stays open.
   *
   * @throws {ContentChangedError} when it was changed since it was opened.
   * @throws {ContentUnreadableError} when reading failed.
   */
  async hash(
    file: ContentFile,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<HashedContent> {
    const disposed = this.#disposed.signal;
    const signal = options.signal ? AbortSignal.any([disposed, options.signal]) : disposed;
    signal.throwIfAborted();
    const content = await this.#read(file, signal);
    if (content.sizeBytes !== file.sizeBytes) throw new ContentChangedError(file.path);
    await file.assertSame();
    return content;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed.abort(new Error('the hasher was disposed'));
    await Promise.all([this.#smallTurns.over(), this.#largeTurns.over()]);
    await this.#threads?.[Symbol.asyncDispose]();
  }

  async #read(file: ContentFile, signal: AbortSignal): Promise<HashedContent> {
    try {
      return file.sizeBytes <= HASHED_HERE_BYTES
        ? await this.#smallTurns.take(() => hashBoth(file.handle.fd, file.sizeBytes, signal))
        : await this.#largeTurns.take(() => this.#readInThreads(file, signal));
    } catch (cause) {
      signal.throwIfAborted();
      throw new ContentUnreadableError(file.path, { cause });
    }
  }

  async #readInThreads(file: ContentFile, signal: AbortSignal): Promise<HashedContent> {
    signal.throwIfAborted();
    const threads = (this.#threads ??= new Threads());
    // Ending the threads makes both runs fail; the catch below waits for the end.
    const abort = () => void threads[Symbol.asyncDispose]();
    signal.addEventListener('abort', abort, { once: true });
    try {
      return await threads.hash(file.handle.fd, file.sizeBytes);
    } catch (error) {
      this.#threads = undefined;
      // The caller closes the file next: nobody may read it any more.
      await threads[Symbol.asyncDispose]();
      throw error;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }
}

/** One work after the other: each holds some megabytes of buffers and a whole core. */
class Turns {
  #last: Promise<unknown> = Promise.resolve();

  async take<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => {
      // Told to whoever waits for this result; the next turn comes either way.
    });
    return result;
  }

  /** Settles when the last work that was given has ended. */
  async over(): Promise<void> {
    await this.#last;
  }
}

class Threads implements AsyncDisposable {
  readonly #blocks = new HashThread();
  readonly #whole = new HashThread();

  async hash(fd: number, sizeBytes: number): Promise<HashedContent> {
    const [content, digest] = await Promise.all([
      this.#blocks.run('blocks', fd, sizeBytes),
      this.#whole.run('whole', fd, sizeBytes),
    ]);
    return { ...content, digest };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#blocks[Symbol.asyncDispose](), this.#whole[Symbol.asyncDispose]()]);
  }
}
