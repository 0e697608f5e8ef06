import { EventEmitter } from 'node:events';
import { setTimeout as waitFor } from 'node:timers/promises';
import { SECOND_MS } from '@peer-cache/core';
import type { Log } from '@peer-cache/core';
import { isOnBattery } from './power-supplies.ts';

/** Nothing tells of a plug but a netlink socket, which Node does not have; a look costs 0.2 ms. */
const LOOK_EVERY_MS = 5 * SECOND_MS;

export interface PowerWatchParts {
  readonly log: Log;
  /** The operating system's word, undefined where it has none; another in tests. */
  readonly readPower?: (() => Promise<boolean | undefined>) | undefined;
  /** Waits for so many milliseconds; another in tests. */
  readonly wait?: ((delayMs: number, signal: AbortSignal) => Promise<void>) | undefined;
}

export interface PowerEvents {
  'power-changed': [{ readonly isOnBattery: boolean }];
}

/** Follows whether this machine runs on battery. Where nobody knows, it does not. */
export class PowerWatch extends EventEmitter<PowerEvents> implements AsyncDisposable {
  readonly #log: Log;
  readonly #readPower: NonNullable<PowerWatchParts['readPower']>;
  readonly #wait: NonNullable<PowerWatchParts['wait']>;
  readonly #stop = new AbortController();
  readonly #loop: Promise<void>;
  #isOnBattery: boolean;

  /** For {@link watchPower}; `first` is what was known before. */
  constructor(parts: PowerWatchParts, first: boolean | undefined) {
    super();
    const { log, readPower = isOnBattery, wait = waitUnreferenced } = parts;
    this.#log = log;
    this.#readPower = readPower;
    this.#wait = wait;
    this.#isOnBattery = first === true;
    // Who can't tell at first never can.
    this.#loop = first === undefined ? Promise.resolve() : this.#run();
  }

  get isOnBattery(): boolean {
    return this.#isOnBattery;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.removeAllListeners();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    try {
      for (;;) {
        await this.#wait(LOOK_EVERY_MS, signal);
        this.#take((await this.#readPower()) === true);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  #take(isOnBatteryNow: boolean): void {
    if (isOnBatteryNow === this.#isOnBattery || this.#stop.signal.aborted) return;
    this.#isOnBattery = isOnBatteryNow;
    this.#log.info({ isOnBattery: isOnBatteryNow }, 'power changed');
    this.emit('power-changed', { isOnBattery: isOnBatteryNow });
  }
}

/** Watches the power of this machine; the result knows it from the start. */
export async function watchPower(parts: PowerWatchParts): Promise<PowerWatch> {
  const { readPower = isOnBattery } = parts;
  return new PowerWatch(parts, await readPower());
}

async function waitUnreferenced(delayMs: number, signal: AbortSignal): Promise<void> {
  await waitFor(delayMs, undefined, { signal, ref: false });
}
