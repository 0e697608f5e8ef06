import { Pace, sleepUnlessAborted } from './pace.ts';
import type { Sleep } from './pace.ts';
import type { Limits, LimitsClock, Taker } from './limits.ts';
import { UplinkRate } from './uplink-rate.ts';

export interface StreamPaceParts {
  readonly limits: Pick<Limits, 'take' | 'giveBack' | 'explain' | 'onChange'>;
  readonly clock: Pick<LimitsClock, 'uptimeMs'>;
  readonly sleep?: Sleep | undefined;
}

const MOST_UPLINKS = 64;
/** Where nothing is to be seen of the way: in the foreground. */
const SLICE_BYTES = 64 * 1024;

/** Says when bytes may come or go that nobody asks for in pieces: bodies of answers, and uploads. */
export class StreamPace {
  readonly #parts: StreamPaceParts;
  readonly #sleep: Sleep;
  readonly #uplinks = new Map<string, UplinkRate>();

  constructor(parts: StreamPaceParts) {
    this.#parts = parts;
    this.#sleep = parts.sleep ?? sleepUnlessAborted;
  }

  /** Resolves when limits allow so many bytes. */
  async pass(
    who: () => Taker,
    bytes: number,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<void> {
    const pace = new Pace(this.#parts.limits, this.#sleep, who);
    await pace.take({ least: bytes, most: bytes }, { signal });
  }

  /**
   * Resolves when some bytes, at most `mostBytes`, may be sent by this way, and says how many: as
   * limits allow, and in the background as the way is free.
   */
  async send(
    who: () => Taker,
    { way, mostBytes }: { readonly way: string; readonly mostBytes: number },
    { signal }: { readonly signal: AbortSignal },
  ): Promise<number> {
    let bytes = Math.min(mostBytes, SLICE_BYTES);
    while (who().priority !== 'foreground') {
      signal.throwIfAborted();
      const uplink = this.#uplinkOf(way);
      bytes = Math.min(mostBytes, uplink.sliceBytes);
      const waitMs = uplink.take(bytes, this.#parts.clock.uptimeMs());
      if (waitMs === 0) break;
      await this.#sleep(Math.max(1, waitMs), signal);
      bytes = Math.min(mostBytes, SLICE_BYTES);
    }
    await this.pass(who, bytes, { signal });
    return bytes;
  }

  /** A question by this way was answered after so long, while something was sent. */
  probed(way: string, rttMs: number): void {
    this.#uplinkOf(way).probed(rttMs, this.#parts.clock.uptimeMs());
  }

  /** Nothing that was learnt holds any more. */
  forget(): void {
    this.#uplinks.clear();
  }

  #uplinkOf(way: string): UplinkRate {
    let uplink = this.#uplinks.get(way);
    if (uplink === undefined) {
      uplink = new UplinkRate();
      const [oldest] = this.#uplinks.keys();
      if (this.#uplinks.size >= MOST_UPLINKS && oldest !== undefined) this.#uplinks.delete(oldest);
      this.#uplinks.set(way, uplink);
    }
    return uplink;
  }
}
