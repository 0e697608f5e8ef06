import type { Config } from './config.ts';
import { logTo } from './log.ts';
import { untilToldToStop } from './shutdown.ts';
import { startAgent } from './start-agent.ts';

const STDOUT = 1;

/** Runs the agent of this user in the foreground until SIGINT or SIGTERM. Its log is on stdout. */
export async function runAgent(
  config: Config,
  { socketPath }: { readonly socketPath: string },
): Promise<void> {
  const log = logTo(STDOUT, config.log.level);
  // First: a signal that comes while the parts are made is not lost.
  const told = untilToldToStop(log);
  const written = config.settings.filter(({ from }) => from !== 'default');
  log.info(
    { settings: written.map(({ key, value, from }) => ({ key, value, from })) },
    'configured',
  );
  await using _running = await startAgent({ log }, config, { socketPath });
  await told;
}
