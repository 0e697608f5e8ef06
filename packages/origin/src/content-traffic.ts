import type { Representation } from './representation.ts';

/** How often one representation was sent, and how many bytes of it. */
export interface SentCount {
  readonly responses: number;
  readonly bytes: number;
}

/** Counts the bodies an origin sent since it started: contents and content information apart. */
export class ContentTraffic {
  readonly #content = { responses: 0, bytes: 0 };
  readonly #information = { responses: 0, bytes: 0 };

  get content(): SentCount {
    return { ...this.#content };
  }

  get contentInformation(): SentCount {
    return { ...this.#information };
  }

  /** The representation with its bytes counted as they are read to be sent. */
  metered(representation: Representation): Representation {
    const count = representation.name === 'content' ? this.#content : this.#information;
    count.responses++;
    return {
      ...representation,
      async read(range) {
        const bytes = await representation.read(range);
        count.bytes += bytes.length;
        return bytes;
      },
      [Symbol.asyncDispose]: () => representation[Symbol.asyncDispose](),
    };
  }
}
