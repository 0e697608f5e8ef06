import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ExecutionContext } from 'ava';
import { temporaryFolder } from './temporary-folder.ts';

const DAEMON = '/usr/bin/dbus-daemon';
/** Ends the daemon also when the test is killed: then there is nothing more to read. */
const UNTIL_ALONE = '"$@" & read -r _; kill -KILL $!; wait';

/** Why there can be no bus here, or undefined if there can. */
export function whyNoBus(): string | undefined {
  return existsSync(DAEMON) ? undefined : `needs ${DAEMON}: scripts/install-test-packages.ts`;
}

/** A message bus of the test's own. */
export interface PrivateBus {
  readonly address: string;
  start(): Promise<void>;
  /** Everybody's connection is closed. */
  stop(): Promise<void>;
}

/** A bus that is not started yet; ended with the test. */
export async function privateBus(t: ExecutionContext): Promise<PrivateBus> {
  const folder = await temporaryFolder(t);
  const config = join(folder, 'bus.conf');
  const socket = join(folder, 'bus');
  const address = `unix:path=${socket}`;
  await writeFile(config, busConfig(address));
  let daemon: ChildProcess | undefined;
  const stop = async (): Promise<void> => {
    if (daemon?.exitCode === null) {
      const ended = once(daemon, 'exit');
      daemon.stdin?.end();
      await ended;
    }
    daemon = undefined;
    await rm(socket, { force: true });
  };
  t.teardown(stop);
  return {
    address,
    async start() {
      const args = [`--config-file=${config}`, '--nofork', '--print-address'];
      const started = spawn('sh', ['-c', UNTIL_ALONE, 'sh', DAEMON, ...args], {
        stdio: ['pipe', 'pipe', 'ignore'],
      });
      daemon = started;
      await once(createInterface({ input: started.stdout }), 'line');
    },
    stop,
  };
}

/** As the system's: whoever has a name keeps it, and signals go to whoever listens. */
function busConfig(address: string): string {
  return `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>${address}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/>
<allow send_type="signal"/><allow send_requested_reply="true"/><allow receive_type="method_call"/>
<allow receive_type="method_return"/><allow receive_type="error"/><allow receive_type="signal"/>
</policy></busconfig>`;
}
