import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import type { LanHost } from './namespaces.ts';

/*
 * avahi-daemon on a host of a LAN. It needs a system bus of its own, so it and its clients get a
 * private /run in a mount namespace, which lives as long as the process that holds it.
 */

const PROGRAMS = [
  '/usr/sbin/avahi-daemon',
  '/usr/bin/avahi-browse',
  '/usr/bin/dbus-daemon',
  '/usr/bin/nsenter',
  '/usr/bin/unshare',
];

const BUS_CONFIG = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path=/run/dbus/system_bus_socket</listen>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/>
<allow send_type="signal"/><allow send_requested_reply="true"/><allow receive_type="method_call"/>
<allow receive_type="method_return"/><allow receive_type="error"/><allow receive_type="signal"/>
</policy></busconfig>`;

/** Why avahi can't be run here, or undefined if it can. */
export function whyNoAvahi(): string | undefined {
  const missing = PROGRAMS.find((program) => !existsSync(program));
  return missing === undefined ? undefined : `avahi tests need ${missing}`;
}

export class Avahi {
  readonly #host: LanHost;
  readonly #holderPid: string;

  private constructor(host: LanHost, holderPid: string) {
    this.#host = host;
    this.#holderPid = holderPid;
  }

  /** Starts the daemon; it ends with the LAN. */
  static async start(host: LanHost): Promise<Avahi> {
    const script = `mount -t tmpfs tmpfs /run && mkdir /run/dbus /run/avahi-daemon &&
      printf '%s' "$1" > /run/bus.conf && echo $$ && exec sleep infinity`;
    const holder = host.spawn('unshare', '-m', 'sh', '-c', script, 'sh', BUS_CONFIG);
    const [pid] = await once(createInterface({ input: holder.stdout }), 'line');
    const avahi = new Avahi(host, String(pid));
    const bus = avahi.#spawn(
      'dbus-daemon',
      '--config-file=/run/bus.conf',
      '--nofork',
      '--print-address',
    );
    await once(createInterface({ input: bus.stdout }), 'line');
    avahi.#spawn('avahi-daemon', '--no-drop-root', '--no-chroot', '--no-rlimits');
    await avahi.#ready();
    return avahi;
  }

  /** Runs a client of the daemon, such as avahi-browse, and gives what it prints. */
  run(command: string, ...args: string[]): Promise<string> {
    return this.#host.run(...this.#inside(command, args));
  }

  #spawn(command: string, ...args: string[]): ReturnType<LanHost['spawn']> {
    return this.#host.spawn(
      ...this.#inside('sh', ['-c', 'exec "$@" 2>/dev/null', 'sh', command, ...args]),
    );
  }

  #inside(command: string, args: string[]): [string, ...string[]] {
    return ['nsenter', '-t', this.#holderPid, '-m', '-n', command, ...args];
  }

  async #ready(): Promise<void> {
    for (let attempt = 0; attempt < 100; attempt++) {
      try {
        await this.run('avahi-browse', '-t', '_none._tcp');
        return;
      } catch {
        // The daemon isn't on the bus yet.
        await wait(50);
      }
    }
    throw new Error('avahi-daemon does not come up');
  }
}
