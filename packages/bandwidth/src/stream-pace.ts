import { KIB } from '@peer-cache/core';
import type { Limits, LimitsClock, Taker } from './limits.ts';
import { Pace, sleepUnlessAborted } from './pace.ts';
import type { Sleep } from './pace.ts';
import { UplinkRate } from './uplink-rate.ts';
import type { UplinkStatus } from './uplink-rate.ts';
import { Ways } from './ways.ts';

export interface StreamPaceParts {
  readonly limits: Pick<Limits, 'take' | 'giveBack' | 'explain' | 'onChange'>;
  readonly clock: Pick<LimitsClock, 'uptimeMs'>;
  readonly sleep?: Sleep | undefined;
}

/** In the foreground, where the way is not looked at, under a limit: little of it at a time. */
const LIMITED_BYTES = 16 * KIB;

/** Says when bytes may come or go that nobody asks for in pieces: bodies of answers, and uploads. */
export class StreamPace {
  readonly #parts: StreamPaceParts;
  readonly #sleep: Sleep;
  readonly #uplinks = new Ways(() => new UplinkRate());

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
    const asked = await this.#untilFree(who, way, signal);
    const isLimited = this.#parts.limits.explain(who()).length > 0;
    const bytes = Math.min(mostBytes, asked, isLimited ? LIMITED_BYTES : Infinity);
    await this.pass(who, bytes, { signal });
    return bytes;
  }

  /** A question by this way was answered after so long, while something was sent. */
  probed(way: string, rttMs: number): void {
    this.#uplinks.of(way).probed(rttMs, this.#parts.clock.uptimeMs());
  }

  /** How uploads in the background fare on a way; undefined before the first. */
  uplink(way: string): UplinkStatus | undefined {
    return this.#uplinks.get(way)?.status(this.#parts.clock.uptimeMs());
  }

  /** Nothing that was learnt holds any more. */
  forget(): void {
    this.#uplinks.clear();
  }

  /** How much may be sent as far as the way is concerned; any amount in the foreground. */
  async #untilFree(who: () => Taker, way: string, signal: AbortSignal): Promise<number> {
    while (who().priority !== 'foreground') {
      signal.throwIfAborted();
      const uplink = this.#uplinks.of(way);
      const { sliceBytes } = uplink;
      const waitMs = uplink.take(sliceBytes, this.#parts.clock.uptimeMs());
      if (waitMs === 0) return sliceBytes;
      await this.#sleep(Math.max(1, waitMs), signal);
    }
    return Infinity;
  }
}
