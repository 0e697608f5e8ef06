import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { silentLog } from '@peer-cache/core';
import type { OutgoingPacket } from '../../src/dns-records.ts';
import { openPacketSocket } from '../../src/mdns-sockets.ts';
import type { PacketSocket } from '../../src/mdns-sockets.ts';

/** Turns packets into the very bytes that are sent, by sending them over loopback. */
export class Wire implements AsyncDisposable {
  readonly #from: PacketSocket;
  readonly #to: Socket;

  constructor(from: PacketSocket, to: Socket) {
    this.#from = from;
    this.#to = to;
  }

  static async open(): Promise<Wire> {
    const plan = { family: 4, bindTo: '127.0.0.1', port: 0, sendsOn: undefined } as const;
    const to = createSocket('udp4');
    to.bind(0, '127.0.0.1');
    await once(to, 'listening');
    return new Wire(await openPacketSocket(plan, silentLog), to);
  }

  async bytesOf(type: 'query' | 'response', packet: OutgoingPacket): Promise<Buffer> {
    const arrived = once(this.#to, 'message');
    const to = { address: '127.0.0.1', port: this.#to.address().port };
    await (type === 'query' ? this.#from.query(packet, to) : this.#from.respond(packet, to));
    const [bytes] = await arrived;
    return bytes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#from[Symbol.asyncDispose]();
    this.#to.close();
  }
}
