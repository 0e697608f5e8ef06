import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

/** A file that somebody is using just now. Disposing gives it back; it closes when it may. */
export interface FileLease extends Disposable {
  readonly file: FileHandle;
}

/** An open file shared by all who use it, closed when it is retired and the last of them is done. */
export class OpenFile {
  readonly #opening: Promise<FileHandle>;
  readonly #closed = Promise.withResolvers<void>();
  #users = 0;
  #isRetired = false;

  constructor(path: string, { isNew }: { readonly isNew: boolean }) {
    const { O_RDWR, O_CREAT } = constants;
    this.#opening = open(path, isNew ? O_RDWR | O_CREAT : O_RDWR, 0o600);
    // Whoever leases it hears of the failure.
    this.#opening.catch(() => {});
  }

  /** @throws {Error} of the operating system when the file can't be opened */
  async lease(): Promise<FileLease> {
    // Counted before the wait: a file that is retired meanwhile must stay open for us.
    this.#users++;
    try {
      const file = await this.#opening;
      return { file, [Symbol.dispose]: () => this.#giveBack() };
    } catch (error) {
      this.#giveBack();
      throw error;
    }
  }

  /** Resolves when the file is closed. It can't be leased any more. */
  retire(): Promise<void> {
    this.#isRetired = true;
    this.#closeIfDone();
    return this.#closed.promise;
  }

  #giveBack(): void {
    this.#users--;
    this.#closeIfDone();
  }

  #closeIfDone(): void {
    if (!this.#isRetired || this.#users > 0) return;
    const closing = this.#opening.then((file) => file.close());
    // One that never opened, or fails to close, is closed as far as anybody cares.
    this.#closed.resolve(closing.catch(() => {}));
  }
}
