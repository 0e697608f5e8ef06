import { Readable } from 'node:stream';
import { MIB } from '@peer-cache/core';

const MOST_UNREAD_BYTES = MIB;

/**
 * An answer that goes on while things happen. What happens does not wait for its reader: one who
 * leaves more than 1 MiB of it unread is cut off. To what it begins with, all the time is given.
 */
export class LiveAnswer extends Readable {
  readonly #mostUnreadBytes: number;

  constructor(beginning: string) {
    super();
    if (beginning !== '') this.push(beginning);
    this.#mostUnreadBytes = MOST_UNREAD_BYTES + this.readableLength;
  }

  /** Says something more, unless nobody listens any longer. */
  tell(text: string): void {
    if (this.destroyed) return;
    this.push(text);
    if (this.readableLength > this.#mostUnreadBytes) this.destroy();
  }

  /** Says all of it as it comes, then ends. Never rejects: what fails ends the answer. */
  async tellAll(texts: AsyncIterable<string>): Promise<void> {
    try {
      for await (const text of texts) this.tell(text);
      if (!this.destroyed) this.push(null);
    } catch (error) {
      this.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  }

  override _read(): void {
    // Nothing is made on demand.
  }
}
