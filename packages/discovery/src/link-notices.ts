import { createSocket } from 'node:dgram';
import type { RemoteInfo, Socket } from 'node:dgram';
import { EventEmitter, once } from 'node:events';
import { isIPv4 } from 'node:net';
import type { Log } from '@peer-cache/core';
import { sharingInterfaceOf } from './sharing-interfaces.ts';
import type { SharingWatcher } from './sharing-watcher.ts';

/** Within an organisation, chosen by nobody else (RFC 2365 §6.1); it does not leave the link. */
const GROUP = '239.255.76.90';
const HOPS = 1;

export interface LinkNoticesParts {
  readonly log: Log;
  readonly watcher: Pick<SharingWatcher, 'current' | 'on' | 'off'>;
}

export interface LinkNoticesOptions {
  /** UDP port that everybody on the link uses. */
  readonly port: number;
  /** A longer datagram is nobody's. */
  readonly mostBytes: number;
}

/**
 * Short datagrams to all agents on the links where we share, and theirs. Nobody knows whether they
 * arrive, or who sent them. IPv4 only; on a link without it nothing is told and nothing heard.
 */
export class LinkNotices
  extends EventEmitter<{ heard: [{ readonly bytes: Uint8Array; readonly host: string }] }>
  implements AsyncDisposable
{
  readonly #parts: LinkNoticesParts;
  readonly #options: LinkNoticesOptions;
  readonly #socket: Socket;
  readonly #joined = new Set<string>();
  readonly #follow = (): void => this.#joinAll();

  constructor(parts: LinkNoticesParts, options: LinkNoticesOptions, socket: Socket) {
    super();
    this.#parts = parts;
    this.#options = options;
    this.#socket = socket;
    socket.on('error', (error) => parts.log.debug({ err: error }, 'notice socket failed'));
    socket.on('message', (bytes, from) => this.#hear(bytes, from));
    parts.watcher.on('interfaces-changed', this.#follow);
    this.#joinAll();
  }

  /** Tells all of them; what can't be sent is lost. */
  send(bytes: Uint8Array): void {
    for (const address of this.#addresses()) {
      try {
        this.#socket.setMulticastInterface(address);
        this.#socket.send(bytes, this.#options.port, GROUP, ignore);
      } catch (error) {
        // An interface that just went, which the watcher is about to notice.
        this.#parts.log.debug({ err: error }, 'notice not sent');
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#parts.watcher.off('interfaces-changed', this.#follow);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#socket.close(resolve);
    await promise;
    this.removeAllListeners();
  }

  #hear(bytes: Uint8Array, { address }: RemoteInfo): void {
    // The port can be reached from elsewhere, too, if nobody keeps it from there.
    const via = sharingInterfaceOf(this.#parts.watcher.current, address);
    if (via?.isSharing !== true || bytes.length > this.#options.mostBytes) return;
    this.emit('heard', { bytes, host: address });
  }

  #joinAll(): void {
    const addresses = this.#addresses();
    for (const address of this.#joined)
      if (!addresses.includes(address)) this.#joined.delete(address);
    for (const address of addresses) {
      if (this.#joined.has(address)) continue;
      try {
        this.#socket.addMembership(GROUP, address);
        this.#joined.add(address);
      } catch (error) {
        this.#parts.log.debug({ err: error, address }, 'notices not heard');
      }
    }
  }

  /** An own IPv4 address of each interface that we share on, this machine's own loopback left out. */
  #addresses(): string[] {
    return this.#parts.watcher.current.flatMap(({ isSharing, addresses }) => {
      const ipv4 = addresses.find((address) => isIPv4(address) && !address.startsWith('127.'));
      return isSharing && ipv4 !== undefined ? [ipv4] : [];
    });
  }
}

type Done = (error: NodeJS.ErrnoException | null, address: string, family: number) => void;

/** Undefined where the port can't be had: then nothing is told, and everybody goes by what it sees. */
export async function openLinkNotices(
  parts: LinkNoticesParts,
  options: LinkNoticesOptions,
): Promise<LinkNotices | undefined> {
  const socket = createSocket({ type: 'udp4', reuseAddr: true, lookup: itself });
  try {
    const isListening = once(socket, 'listening');
    socket.bind({ address: '0.0.0.0', port: options.port, exclusive: true });
    await isListening;
    socket.setMulticastTTL(HOPS);
    socket.setMulticastLoopback(true);
    socket.unref();
    return new LinkNotices(parts, options, socket);
  } catch (error) {
    parts.log.warn({ err: error, port: options.port }, 'no notices on the LAN');
    socket.close();
    return undefined;
  }
}

/**
 * There are no names to look up. Node's own way takes until the next tick even for an address: the
 * interface to send on would be another by then.
 */
function itself(address: string, _options: unknown, done: Done): void {
  done(null, address, 4);
}

function ignore(): void {
  // What can't be sent is lost.
}
