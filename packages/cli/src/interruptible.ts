import { constants } from 'node:os';
import process from 'node:process';
import { tell } from './terminal.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs a task that a first signal aborts and a second one ends at once. The exit code of an
 * interrupted task is 128 and the signal's number, as shells have it: 130 for Ctrl-C.
 */
export async function interruptible<T>(
  task: (signal: AbortSignal) => Promise<T>,
): Promise<T | number> {
  const stop = new AbortController();
  let interruptedBy: number | undefined;
  const onSignal = (name: NodeJS.Signals): void => {
    const exitCode = 128 + constants.signals[name];
    if (interruptedBy !== undefined) process.exit(exitCode);
    interruptedBy = exitCode;
    stop.abort();
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  try {
    const result = await task(stop.signal);
    return interruptedBy ?? result;
  } catch (error) {
    if (interruptedBy === undefined) throw error;
    tell('peer-cache: interrupted; run the same command again to go on');
    return interruptedBy;
  } finally {
    for (const name of SIGNALS) process.off(name, onSignal);
  }
}
