import { cpus } from 'node:os';
import process from 'node:process';
import { setTimeout as waitFor } from 'node:timers/promises';
import { SECOND_MS } from '@peer-cache/core';
import type { Log } from '@peer-cache/core';
import type { Exchange } from '../exchange.ts';
import { cardCounter } from '../network/card-counters.ts';
import { othersUse, servingShare, smoothed } from './own-use.ts';
import type { OthersUse, SendingSample, UseSample } from './own-use.ts';

const LOOK_EVERY_MS = 2 * SECOND_MS;
const BYTES_PER_MBIT = 125_000;

export interface OwnUseParts {
  readonly log: Log;
  readonly exchange: Pick<Exchange, 'servedBytes' | 'interfaces' | 'setServingShare'>;
  /** Looks at the machine; another in tests. */
  readonly readSample?: ((exchange: OwnUseParts['exchange']) => Promise<UseSample>) | undefined;
  /** Waits for so many milliseconds; another in tests. */
  readonly wait?: ((delayMs: number, signal: AbortSignal) => Promise<void>) | undefined;
}

/**
 * Has the exchange serve less at once while others use this machine. Looks only while peers are
 * served: an idle agent costs nothing.
 */
export class OwnUseWatch implements AsyncDisposable {
  readonly #log: Log;
  readonly #exchange: OwnUseParts['exchange'];
  readonly #readSample: NonNullable<OwnUseParts['readSample']>;
  readonly #wait: NonNullable<OwnUseParts['wait']>;
  readonly #stop = new AbortController();
  readonly #loop: Promise<void>;
  #last: UseSample | undefined;
  #use: OthersUse | undefined;
  #servedBytes: number;
  #share = 1;

  /** For {@link yieldToOwnUse}. */
  constructor({ log, exchange, readSample = readUse, wait = waitUnreferenced }: OwnUseParts) {
    this.#log = log;
    this.#exchange = exchange;
    this.#readSample = readSample;
    this.#wait = wait;
    this.#servedBytes = exchange.servedBytes();
    this.#loop = this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    try {
      for (;;) {
        await this.#wait(LOOK_EVERY_MS, signal);
        await this.#look();
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #look(): Promise<void> {
    const servedBytes = this.#exchange.servedBytes();
    const hasServed = servedBytes !== this.#servedBytes;
    this.#servedBytes = servedBytes;
    // A share below 1 is looked after also when nothing is served: that may be why.
    if (!hasServed && this.#share === 1) {
      this.#last = undefined;
      this.#use = undefined;
      return;
    }
    const sample = await this.#readSample(this.#exchange);
    if (this.#last !== undefined) {
      this.#use = smoothed(this.#use, othersUse(this.#last, sample));
      this.#allow(this.#use);
    }
    this.#last = sample;
  }

  #allow(use: OthersUse): void {
    const share = servingShare(use);
    if (share === this.#share) return;
    if ((share === 1) !== (this.#share === 1)) {
      this.#log.debug({ ...use, share }, 'serving as much as others leave');
    }
    this.#share = share;
    this.#exchange.setServingShare(share);
  }
}

/** Serves peers less at once while this machine is used, until disposed. */
export function yieldToOwnUse(parts: OwnUseParts): OwnUseWatch {
  return new OwnUseWatch(parts);
}

async function readUse(exchange: OwnUseParts['exchange']): Promise<UseSample> {
  const times = cpus().map((cpu) => cpu.times);
  const { user, system } = process.cpuUsage();
  const names = exchange.interfaces().filter(({ isSharing }) => isSharing);
  const sending = await Promise.all(names.map(({ interfaceName }) => sendingOf(interfaceName)));
  return {
    atMs: performance.now(),
    cpuMs: sum(times.map((each) => sum(Object.values(each)))),
    idleCpuMs: sum(times.map(({ idle }) => idle)),
    ownCpuMs: (user + system) / 1000,
    servedBytes: exchange.servedBytes(),
    sending: sending.flat(),
  };
}

/** Nothing for what has no speed. */
async function sendingOf(interfaceName: string): Promise<SendingSample[]> {
  const mbit = await cardCounter(interfaceName, 'speed');
  const sentBytes = await cardCounter(interfaceName, 'statistics/tx_bytes');
  if (mbit === undefined || mbit === 0 || sentBytes === undefined) return [];
  return [{ interfaceName, sentBytes, bytesPerSecond: mbit * BYTES_PER_MBIT }];
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

async function waitUnreferenced(delayMs: number, signal: AbortSignal): Promise<void> {
  await waitFor(delayMs, undefined, { signal, ref: false });
}
