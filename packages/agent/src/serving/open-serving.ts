import type { Log } from '@peer-cache/core';
import type { PowerStatus } from '@peer-cache/protocol';
import type { Config } from '../config/config.ts';
import type { Exchange } from '../exchange.ts';
import { watchPower } from '../power/power-watch.ts';
import { yieldToOwnUse } from './own-use-watch.ts';
import { ServingPower } from './serving-power.ts';

export interface ServingParts {
  readonly log: Log;
  readonly exchange: Exchange;
  /** Whether this machine runs on battery; another in tests. */
  readonly readPower?: (() => Promise<boolean | undefined>) | undefined;
}

/** What keeps serving from being a burden. */
export interface OpenedServing extends AsyncDisposable {
  power(): PowerStatus;
  reconfigure(config: Pick<Config, 'serving'>): void;
}

/** Has the exchange serve as far as this machine's battery and its other work allow. */
export async function openServing(
  { log, exchange, readPower }: ServingParts,
  { serving, sharing }: Pick<Config, 'serving' | 'sharing'>,
): Promise<OpenedServing> {
  await using stack = new AsyncDisposableStack();
  const power = stack.use(await watchPower({ log, readPower }));
  const byPower = stack.use(new ServingPower({ log, power, exchange }, serving));
  // In trials with agents of this same machine, each would take the others for its owner.
  if (sharing.isEnabled && !sharing.loopback) stack.use(yieldToOwnUse({ log, exchange }));
  const running = stack.move();
  return {
    power: () => byPower.status,
    reconfigure: (next) => byPower.reconfigure(next.serving),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
