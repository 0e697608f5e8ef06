import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Log } from '@peer-cache/core';
import multicastDns from 'multicast-dns';
import { checkedPacket } from './dns-records.ts';
import type { DnsPacket, OutgoingPacket } from './dns-records.ts';
import type { Source } from './lookup-answers.ts';

export const MDNS_PORT = 5353;
/** RFC 6762 §11: packets are sent with this, and routers never pass multicast of this group on. */
const HOPS = 255;
/** Longer datagrams take jumbo frames, which nobody needs for our few records. */
const MOST_DATAGRAM_BYTES = 1500;

export type Family = 4 | 6;

/** A UDP socket for one of the two address families, bound, with what is sent staying on the link. */
export interface SocketPlan {
  readonly family: Family;
  /** An own address, or the multicast group. */
  readonly bindTo: string;
  /** 0 for any free port. */
  readonly port: number;
  /** The interface that multicast leaves by: an own IPv4 address, or `::%eth0`. */
  readonly sendsOn: string | undefined;
}

/** The multicast group of mDNS; that of IPv6 is one for each interface, so it has a zone. */
export function mdnsGroup(family: Family, zone: string | undefined): string {
  return family === 4 ? '224.0.0.251' : `ff02::fb%${zone}`;
}

/**
 * What to bind to for hearing the group. A socket bound to the group itself leaves unicast to port
 * 5353 to avahi and others; one bound to 0.0.0.0 would take it away from them.
 */
export function groupBinding(family: Family, zone: string | undefined): string {
  if (process.platform !== 'win32') return mdnsGroup(family, zone);
  // Windows can't bind to a group.
  return family === 4 ? '0.0.0.0' : '::';
}

/** What we use of multicast-dns. */
interface Codec {
  query(packet: OutgoingPacket, to: Source, done: (error: Error | null) => void): void;
  respond(packet: OutgoingPacket, to: Source, done: (error: Error | null) => void): void;
  destroy(done: () => void): void;
}

/** Encodes packets and sends them from one socket. Failures to send are logged and forgotten. */
export class PacketSocket implements AsyncDisposable {
  readonly port: number;
  readonly #socket: Socket;
  readonly #codec: Codec;
  readonly #log: Log;
  #isBroken = false;

  constructor(socket: Socket, log: Log) {
    this.#socket = socket;
    this.#log = log;
    this.#codec = codecOf(socket);
    this.port = socket.address().port;
    socket.on('error', (error) => {
      this.#isBroken = true;
      log.debug({ err: error }, 'mdns socket failed');
    });
  }

  /** True after a failure that says that the socket is of no more use. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  hear(listener: (bytes: Buffer, from: Source) => void): void {
    this.#socket.on('message', listener);
  }

  join(group: string, on: string): void {
    this.#socket.addMembership(group, on);
  }

  query(packet: OutgoingPacket, to: Source): Promise<void> {
    return this.#sent((done) => this.#codec.query(packet, to, done));
  }

  respond(packet: OutgoingPacket, to: Source): Promise<void> {
    return this.#sent((done) => this.#codec.respond(packet, to, done));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#codec.destroy(resolve);
    await promise;
  }

  async #sent(send: (done: (error: Error | null) => void) => void): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<Error | null | undefined>();
    send(resolve);
    const error = await promise;
    // ENETUNREACH and the like: an interface that just went, which the watcher is about to notice.
    if (error) this.#log.debug({ err: error }, 'mdns packet not sent');
  }
}

/** Opens and binds a socket. @throws what the operating system says against it */
export async function openPacketSocket(plan: SocketPlan, log: Log): Promise<PacketSocket> {
  const { family, bindTo, port, sendsOn } = plan;
  const socket =
    family === 4
      ? createSocket({ type: 'udp4', reuseAddr: port !== 0 })
      : createSocket({ type: 'udp6', reuseAddr: port !== 0, ipv6Only: true });
  try {
    const isListening = once(socket, 'listening');
    socket.bind({ address: bindTo, port, exclusive: true });
    await isListening;
    socket.setMulticastTTL(HOPS);
    socket.setTTL(HOPS);
    socket.setMulticastLoopback(true);
    if (sendsOn !== undefined) socket.setMulticastInterface(sendsOn);
    return new PacketSocket(socket, log);
  } catch (error) {
    socket.close();
    throw error;
  }
}

/** Decodes datagrams by the codec of multicast-dns. */
export class PacketReader implements Disposable {
  // Never bound: it only lends its 'message' event to the codec, which has no other way in.
  readonly #socket = createSocket('udp4');
  #packet: DnsPacket | undefined;

  constructor() {
    const codec = multicastDns({ socket: this.#socket, bind: false, multicast: false });
    codec.on('warning', ignore);
    codec.on('packet', (packet: unknown) => (this.#packet = checkedPacket(packet)));
  }

  /** The packet, or undefined when these bytes are none, or one that can't concern us. */
  read(bytes: Buffer): DnsPacket | undefined {
    this.#packet = undefined;
    if (concernsUs(bytes)) {
      const from = { address: '', family: 'IPv4', port: 0, size: bytes.length } as const;
      this.#socket.emit('message', bytes, from);
    }
    return this.#packet;
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}

/**
 * A LAN carries much mDNS that is none of our business, and names are expensive to decode. All
 * that is has one of these labels in it, which the first time is never compressed.
 */
function concernsUs(bytes: Buffer): boolean {
  if (bytes.length > MOST_DATAGRAM_BYTES) return false;
  const text = bytes.toString('latin1').toLowerCase();
  return text.includes('peer-cache') || text.includes('_dns-sd');
}

function codecOf(socket: Socket): Codec {
  const mdns = multicastDns({ socket, bind: false, multicast: false });
  mdns.on('error', ignore);
  mdns.on('warning', ignore);
  // It would decode every datagram at once; PacketReader looks first.
  socket.removeAllListeners('message');
  // @ts-expect-error: its types know neither questions for ANY nor readonly lists.
  return mdns;
}

function ignore(): void {}
