import type { Logger } from 'pino';
import type { Config } from '../config/config.ts';

/**
 * Makes a log and what parts have of it follow the configured level. A child of pino's keeps the
 * level that its parent had when it was made, so children are remembered, as long as they live.
 */
export function followLogLevel(log: Logger): { reconfigure(config: Pick<Config, 'log'>): void } {
  const children = new Set<WeakRef<Logger>>();
  log.onChild = (child) => {
    for (const known of children) if (known.deref() === undefined) children.delete(known);
    children.add(new WeakRef(child));
  };
  return {
    reconfigure({ log: { level } }) {
      for (const each of [log, ...[...children].map((child) => child.deref())]) {
        if (each !== undefined) each.level = level;
      }
    },
  };
}
