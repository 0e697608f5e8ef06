import { EventEmitter } from 'node:events';
import type { Connection } from './connection.ts';
import type { Host, Hosts } from './hosts.ts';

/** Facts for observers; the server is right with no listener. */
export interface ServerEvents {
  /** Somebody said hello and serves at the address it called from: a neighbour to ask back. */
  'peer-called': [{ readonly host: string; readonly port: number }];
  /** An answer with blocks was taken whole; `bytes` are those of contents. */
  'blocks-served': [{ readonly remoteHost: string; readonly bytes: number }];
  'connection-refused': [{ readonly remoteHost: string }];
  /** A reader was too slow, and was cut. */
  'reader-cut': [{ readonly remoteHost: string }];
}

export type ServerEventEmitter = EventEmitter<ServerEvents>;

/** What the server has done since it started. */
export interface ServerCounters {
  readonly connections: number;
  readonly requests: number;
  /** Bytes of contents, without seals, headers and block hash lists. */
  readonly servedBytes: number;
  /** Answers that were no success, busy ones apart. */
  readonly refusedRequests: number;
  readonly busyAnswers: number;
  readonly refusedConnections: number;
  readonly cutReaders: number;
  /** Memory taken by answers that are being filled or sent. */
  readonly bytesInFlight: number;
  /** Who called lately, the latest last. */
  readonly hosts: readonly HostCounters[];
}

export interface HostCounters {
  /** An address, or the /64 of IPv6 addresses from elsewhere. */
  readonly host: string;
  readonly connections: number;
  readonly requests: number;
  readonly servedBytes: number;
}

/** Counts what happens and tells observers. */
export class Counters {
  readonly events: ServerEventEmitter = new EventEmitter();
  #requests = 0;
  #servedBytes = 0;
  #refusedRequests = 0;
  #busyAnswers = 0;
  #refusedConnections = 0;
  #cutReaders = 0;

  requestBegun(): void {
    this.#requests++;
  }

  peerCalled(host: string, port: number): void {
    this.events.emit('peer-called', { host, port });
  }

  blocksServed({ host, remoteHost }: Connection, bytes: number): void {
    this.#servedBytes += bytes;
    host.servedBytes += bytes;
    this.events.emit('blocks-served', { remoteHost, bytes });
  }

  requestRefused({ isBusy }: { readonly isBusy: boolean }): void {
    if (isBusy) this.#busyAnswers++;
    else this.#refusedRequests++;
  }

  connectionRefused(remoteHost: string): void {
    this.#refusedConnections++;
    this.events.emit('connection-refused', { remoteHost });
  }

  readerCut(remoteHost: string): void {
    this.#cutReaders++;
    this.events.emit('reader-cut', { remoteHost });
  }

  snapshot(now: {
    readonly connections: number;
    readonly bytesInFlight: number;
    readonly hosts: Hosts;
  }): ServerCounters {
    return {
      connections: now.connections,
      requests: this.#requests,
      servedBytes: this.#servedBytes,
      refusedRequests: this.#refusedRequests,
      busyAnswers: this.#busyAnswers,
      refusedConnections: this.#refusedConnections,
      cutReaders: this.#cutReaders,
      bytesInFlight: now.bytesInFlight,
      hosts: Array.from(now.hosts, hostCounters),
    };
  }
}

function hostCounters({ name, connections, requests, servedBytes }: Host): HostCounters {
  return { host: name, connections, requests, servedBytes };
}
