import { CardTraffic } from '@peer-cache/bandwidth';
import type { Pacer } from '@peer-cache/bandwidth';
import { SECOND_MS } from '@peer-cache/core';
import type { Clock } from '@peer-cache/jobs';
import type { Exchange } from '../exchange.ts';
import { cardCounter } from '../network/card-counters.ts';

const LOOK_MS = 0.5 * SECOND_MS;

export interface CardWatchParts {
  readonly pacer: Pick<Pacer, 'isWanting' | 'linkBytesPerSecond' | 'makeWay'>;
  readonly exchange: Pick<Exchange, 'interfaces'>;
  readonly clock: Pick<Clock, 'uptimeMs' | 'every'>;
  /** Of contents that came to this process so far, from wherever. */
  readonly ownBytes: () => number;
  /** What the cards took in; another in tests. */
  readonly readCards?: ((names: readonly string[]) => Promise<number | undefined>) | undefined;
}

/**
 * Has what is in the background make way for other programs of this machine, as its network cards
 * tell: a second signal beside the delay on the way. Looks only while something is fetched.
 */
export class CardWatch implements Disposable {
  readonly #parts: CardWatchParts;
  readonly #traffic = new CardTraffic();
  readonly #ticker: Disposable;
  #isLooking = false;

  constructor(parts: CardWatchParts) {
    this.#parts = parts;
    this.#ticker = parts.clock.every(LOOK_MS, () => void this.look());
  }

  async look(): Promise<void> {
    const { pacer, exchange, clock, ownBytes, readCards = readCardBytes } = this.#parts;
    if (!pacer.isWanting) {
      this.#traffic.rest();
      return;
    }
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      const shared = exchange.interfaces().filter(({ isSharing }) => isSharing);
      const cardBytes = await readCards(shared.map(({ interfaceName }) => interfaceName));
      if (cardBytes === undefined) return;
      const sample = { atMs: clock.uptimeMs(), cardBytes, ownBytes: ownBytes() };
      if (this.#traffic.look(sample, pacer.linkBytesPerSecond)) pacer.makeWay('machine');
    } finally {
      this.#isLooking = false;
    }
  }

  [Symbol.dispose](): void {
    this.#ticker[Symbol.dispose]();
  }
}

/** Undefined where the system does not tell of them all. */
async function readCardBytes(names: readonly string[]): Promise<number | undefined> {
  const counts = await Promise.all(names.map((name) => cardCounter(name, 'statistics/rx_bytes')));
  return counts.reduce((sum, bytes) => add(sum, bytes), 0);
}

function add(sum: number | undefined, bytes: number | undefined): number | undefined {
  return sum === undefined || bytes === undefined ? undefined : sum + bytes;
}
