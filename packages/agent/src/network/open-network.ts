import type { Log } from '@peer-cache/core';
import type { Config } from '../config/config.ts';
import { watchNetworkCost } from './cost-watch.ts';
import type { CostWatch } from './cost-watch.ts';
import { watchNetworkManager } from './network-manager.ts';
import { watchNetwork } from './network-watch.ts';
import type { NetworkWatch } from './network-watch.ts';

/** What is known of the network: whether it is there, and what it costs. */
export interface OpenedNetwork extends AsyncDisposable {
  readonly watch: NetworkWatch;
  readonly cost: CostWatch;
  reconfigure(config: Pick<Config, 'network'>): void;
}

/** Follows the network of this machine. */
export async function openNetwork(
  { log, busAddress }: { readonly log: Log; readonly busAddress: string | undefined },
  { network }: Pick<Config, 'network'>,
): Promise<OpenedNetwork> {
  await using stack = new AsyncDisposableStack();
  const watch = stack.use(watchNetwork({ log }));
  const manager = stack.use(await watchNetworkManager({ log }, { busAddress }));
  const rules = network.costRules;
  const cost = stack.use(watchNetworkCost({ log, network: watch, manager }, { rules }));
  const running = stack.move();
  return {
    watch,
    cost,
    reconfigure: (next) => cost.reconfigure({ rules: next.network.costRules }),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
