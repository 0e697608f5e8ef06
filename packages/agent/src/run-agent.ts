import type { Config } from './config/config.ts';
import { Reloading } from './config/reload.ts';
import type { Reconfigurable } from './config/reload.ts';
import { LogRing } from './log/log-ring.ts';
import { recordedLog } from './log/log.ts';
import type { AgentEnvironment } from './open-jobs.ts';
import { notifyServiceManager } from './service/service-manager.ts';
import { untilToldToStop } from './shutdown.ts';
import { startAgent } from './start-agent.ts';

export interface RunAgentOptions {
  readonly socketPath: string;
  /** `NOTIFY_SOCKET` of the environment: where systemd wants to be told. */
  readonly notifySocket: string | undefined;
  readonly environment: AgentEnvironment;
  /** Reads the configuration from where it came from, at SIGHUP. */
  readonly readAgain: () => Config;
}

const STDOUT = 1;

/**
 * Runs the agent of this user in the foreground until SIGINT or SIGTERM. Its log is on stdout. At
 * SIGHUP it reads its configuration again; the service manager is told when it is ready and when it
 * stops.
 */
export async function runAgent(
  config: Config,
  { socketPath, notifySocket, environment, readAgain }: RunAgentOptions,
): Promise<void> {
  const records = new LogRing();
  const recorded = recordedLog(STDOUT, config.log.level, records);
  const { log } = recorded;
  const tell = (states: readonly string[]): Promise<void> =>
    notifyServiceManager({ log }, states, { notifySocket });
  // First: signals that come while the parts are made are not lost.
  const told = untilToldToStop(log);
  await using reloading = new Reloading({ log, readAgain, tell }, config);
  log.info({ settings: shownSettings(config) }, 'configured');
  await using running = await startAgent({ log, records, environment }, config, { socketPath });
  reloading.start(allOf([recorded, running]));
  await tell(['READY=1', `STATUS=Answers at ${socketPath}`]);
  await told;
  await tell(['STOPPING=1']);
}

/** What somebody wrote, and where; never a secret. */
function shownSettings({ settings }: Config): object[] {
  const written = settings.filter(({ from }) => from !== 'default');
  return written.map(({ key, value, from, isSecret }) => ({
    key,
    value: isSecret ? '(not shown)' : value,
    from,
  }));
}

function allOf(targets: readonly Reconfigurable[]): Reconfigurable {
  return {
    reconfigure(config: Config): void {
      for (const target of targets) target.reconfigure(config);
    },
  };
}
