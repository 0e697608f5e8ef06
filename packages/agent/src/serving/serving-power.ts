import type { EventEmitter } from 'node:events';
import type { Log } from '@peer-cache/core';
import type { PowerStatus } from '@peer-cache/protocol';
import type { ServingConfig } from '../config/network-settings.ts';
import type { Exchange } from '../exchange.ts';
import type { PowerEvents, PowerWatch } from '../power/power-watch.ts';

export interface ServingPowerParts {
  readonly log: Log;
  readonly power: EventEmitter<PowerEvents> & Pick<PowerWatch, 'isOnBattery'>;
  readonly exchange: Pick<Exchange, 'setServing'>;
}

/** Has the exchange serve peers while there is power for it; the watch stays its owner's. */
export class ServingPower implements Disposable {
  readonly #parts: ServingPowerParts;
  readonly #follow = (): void => this.#decide();
  #config: ServingConfig;
  #isAllowed = true;

  constructor(parts: ServingPowerParts, config: ServingConfig) {
    this.#parts = parts;
    this.#config = config;
    this.#decide();
    parts.power.on('power-changed', this.#follow);
  }

  get status(): PowerStatus {
    const { isOnBattery } = this.#parts.power;
    return { isOnBattery, isServingAllowed: this.#isAllowed };
  }

  reconfigure(config: ServingConfig): void {
    this.#config = config;
    this.#decide();
  }

  [Symbol.dispose](): void {
    this.#parts.power.off('power-changed', this.#follow);
  }

  #decide(): void {
    const { log, power, exchange } = this.#parts;
    const isAllowed = this.#config.onBattery || !power.isOnBattery;
    if (isAllowed === this.#isAllowed) return;
    this.#isAllowed = isAllowed;
    exchange.setServing(isAllowed);
    log.info({ isAllowed }, isAllowed ? 'serving peers again' : 'on battery: not serving peers');
  }
}
