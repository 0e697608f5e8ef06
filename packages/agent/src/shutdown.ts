import process from 'node:process';
import { SECOND_MS } from '@peer-cache/core';
import type { Log } from '@peer-cache/core';

/** As long as service managers and people wait before they use force. */
const SHUTDOWN_MS = 5 * SECOND_MS;
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * Resolves at the first SIGINT or SIGTERM. From then on the process has five seconds to end by
 * itself; a second signal ends it at once.
 */
export async function untilToldToStop(log: Log): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let isStopping = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (isStopping) process.exit(1);
    isStopping = true;
    log.info({ signal }, 'stopping');
    setTimeout(() => {
      log.error({ afterMs: SHUTDOWN_MS }, 'did not stop in time');
      process.exit(1);
    }, SHUTDOWN_MS).unref();
    resolve();
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  await promise;
}
