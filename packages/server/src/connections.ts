import type { Socket } from 'node:net';
import { admitsConnection } from './admission.ts';
import { Connection } from './connection.ts';
import type { Counters } from './counters.ts';
import { RequestRefusedError } from './errors.ts';
import type { Hosts } from './hosts.ts';
import type { ServerLimits } from './limits.ts';
import { tcpEnds } from './remote-address.ts';
import type { SocketEnds } from './remote-address.ts';

/** How often readers are looked at within the time that a slow one has. */
const LOOKS_PER_WINDOW = 10;

/** All connections of all addresses, within the limits; cuts those whose reader is too slow. */
export class Connections implements Disposable {
  readonly #hosts: Hosts;
  readonly #limits: ServerLimits;
  readonly #counters: Counters;
  readonly #now: () => number;
  readonly #connections = new Map<Socket, Connection>();
  readonly #timer: NodeJS.Timeout;

  constructor(
    parts: { readonly hosts: Hosts; readonly counters: Counters; readonly now: () => number },
    limits: ServerLimits,
  ) {
    this.#hosts = parts.hosts;
    this.#counters = parts.counters;
    this.#now = parts.now;
    this.#limits = limits;
    const lookMs = Math.max(1, limits.slowReaderMs / LOOKS_PER_WINDOW);
    this.#timer = setInterval(() => this.#cutSlowReaders(), lookMs).unref();
  }

  get size(): number {
    return this.#connections.size;
  }

  /** Takes a socket in, or closes it without a word and returns undefined. */
  accept(socket: Socket, ends: SocketEnds | undefined = tcpEnds(socket)): Connection | undefined {
    if (ends === undefined) {
      socket.destroy();
      return undefined;
    }
    const { remoteHost, hostName } = ends;
    const host = hostName === undefined ? this.#hosts.alone(remoteHost) : this.#hosts.of(hostName);
    const counts = {
      all: this.size,
      unproven: [...this.#connections.values()].filter(({ isProven }) => !isProven).length,
      ofHost: host.connections,
      isHostProven: host.isProven,
    };
    if (!admitsConnection(counts, this.#limits)) {
      this.#counters.connectionRefused(remoteHost);
      socket.destroy();
      return undefined;
    }
    const connection = new Connection(socket, { ...ends, host }, this.#limits);
    host.connections++;
    this.#connections.set(socket, connection);
    socket.once('close', () => {
      host.connections--;
      this.#connections.delete(socket);
    });
    return connection;
  }

  /** @throws {RequestRefusedError} for a request on a socket that was not let in. */
  demand(socket: Socket): Connection {
    const connection = this.#connections.get(socket);
    if (connection === undefined) throw new RequestRefusedError('not on a connection of ours');
    return connection;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #cutSlowReaders(): void {
    const nowMs = this.#now();
    for (const connection of this.#connections.values()) {
      if (connection.cutIfSlow(nowMs)) this.#counters.readerCut(connection.remoteHost);
    }
  }
}
