import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { SECOND_MS } from '@peer-cache/core';
import type { Log } from '@peer-cache/core';

export interface ServiceManagerOptions {
  /** `NOTIFY_SOCKET` of the environment; without it there is no manager that listens. */
  readonly notifySocket: string | undefined;
}

/** Waits for nobody for longer: a manager that does not listen must not hold up the agent. */
const TIME_LIMIT_MS = 2 * SECOND_MS;
const runFile = promisify(execFile);

/**
 * Tells the service manager how we are (`sd_notify`): `READY=1`, `STOPPING=1`, `STATUS=...`. Node has
 * no datagram sockets of the Unix kind, so systemd's own program speaks for us; as it is another
 * process of the service, the unit needs `NotifyAccess=all`. Never throws: who is not heard goes on.
 */
export async function notifyServiceManager(
  { log }: { readonly log: Log },
  states: readonly string[],
  { notifySocket }: ServiceManagerOptions,
): Promise<void> {
  if (notifySocket === undefined) return;
  const env = { NOTIFY_SOCKET: notifySocket, PATH: '/usr/bin:/bin:/run/current-system/sw/bin' };
  try {
    await runFile('systemd-notify', [...states], { env, timeout: TIME_LIMIT_MS });
  } catch (error) {
    log.warn({ err: error, states }, 'could not tell the service manager');
  }
}
