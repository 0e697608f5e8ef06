import { isIPv4 } from 'node:net';
import type { Log } from '@peer-cache/core';
import type { OutgoingPacket } from './dns-records.ts';
import type { Source } from './lookup-answers.ts';
import { groupBinding, MDNS_PORT, mdnsGroup, openPacketSocket } from './mdns-sockets.ts';
import type { Family, PacketSocket } from './mdns-sockets.ts';
import { prefixContains } from './prefixes.ts';
import type { SharingInterface } from './sharing-interfaces.ts';

/** One IPv4 network, or IPv6, on one sharing interface: where a query is sent and answered. */
export interface LinkPlan {
  readonly interfaceName: string;
  readonly family: Family;
  /** The own address that queries are sent from. */
  readonly address: string;
  /** Sources in these are on-link. */
  readonly prefixes: readonly string[];
  /** Of IPv6: how the operating system calls the interface in addresses. */
  readonly zone: string | undefined;
}

/** What is sent on a link. Nothing here throws: a network that is down is one where nobody hears. */
export interface Link {
  readonly plan: LinkPlan;
  /** Address and port that {@link ask} sends from and that are answered to. */
  readonly asker: Source;
  /** Asks everybody on the link, to be answered by unicast. */
  ask(packet: OutgoingPacket): Promise<void>;
  /** Multicasts a query from port 5353, to be answered by multicast. */
  query(packet: OutgoingPacket): Promise<void>;
  /** Multicasts a response. */
  announce(packet: OutgoingPacket): Promise<void>;
  /** Answers one asker by unicast. */
  reply(packet: OutgoingPacket, to: Source): Promise<void>;
}

/** The links that sharing on these interfaces takes. */
export function linkPlans(interfaces: readonly SharingInterface[]): LinkPlan[] {
  return interfaces
    .filter(({ isSharing }) => isSharing)
    .flatMap((shared) => [...ipv4Plans(shared), ...ipv6Plan(shared)]);
}

interface LinkSockets {
  readonly asking: PacketSocket;
  /** On port 5353; only where we are to be found. */
  readonly speaking: PacketSocket | undefined;
  /** Another had port 5353 for itself. */
  readonly isMute: boolean;
}

/** A link with its sockets open. */
export class MdnsLink implements Link, AsyncDisposable {
  readonly plan: LinkPlan;
  readonly #asking: PacketSocket;
  readonly #speaking: PacketSocket | undefined;
  readonly #isMute: boolean;

  private constructor(plan: LinkPlan, { asking, speaking, isMute }: LinkSockets) {
    this.plan = plan;
    this.#asking = asking;
    this.#speaking = speaking;
    this.#isMute = isMute;
  }

  /**
   * Where port 5353 can't be had, a link can still ask.
   *
   * @throws what the operating system says against asking, such as an address not usable yet
   */
  static async open(
    plan: LinkPlan,
    { speaks }: { readonly speaks: boolean },
    log: Log,
  ): Promise<MdnsLink> {
    const { family, address } = plan;
    const sendsOn = outgoing(plan);
    const asking = await openPacketSocket({ family, bindTo: address, port: 0, sendsOn }, log);
    const speaking = speaks ? await openSpeaking(plan, log) : undefined;
    return new MdnsLink(plan, { asking, speaking, isMute: speaks && speaking === undefined });
  }

  get asker(): Source {
    return { address: this.plan.address, port: this.#asking.port };
  }

  /** True when opening it again may help. */
  get isBroken(): boolean {
    return this.#asking.isBroken || (this.#speaking?.isBroken ?? this.#isMute);
  }

  isOnLink(address: string): boolean {
    return this.plan.prefixes.some((prefix) => prefixContains(prefix, address));
  }

  ask(packet: OutgoingPacket): Promise<void> {
    return this.#asking.query(packet, this.#everybody);
  }

  async query(packet: OutgoingPacket): Promise<void> {
    await this.#speaking?.query(packet, this.#everybody);
  }

  async announce(packet: OutgoingPacket): Promise<void> {
    await this.#speaking?.respond(packet, this.#everybody);
  }

  async reply(packet: OutgoingPacket, to: Source): Promise<void> {
    await this.#speaking?.respond(packet, to);
  }

  /** What comes to the asking port. */
  hearAnswers(listener: (bytes: Buffer, from: Source) => void): void {
    this.#asking.hear(listener);
  }

  /** IPv6 multicast heard on this interface. That of IPv4 is heard by one socket for all links. */
  hearGroup(listener: (bytes: Buffer, from: Source) => void): void {
    if (this.plan.family === 6) this.#speaking?.hear(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#asking[Symbol.asyncDispose]();
    await this.#speaking?.[Symbol.asyncDispose]();
  }

  get #everybody(): Source {
    return { address: mdnsGroup(this.plan.family, this.plan.zone), port: MDNS_PORT };
  }
}

async function openSpeaking(plan: LinkPlan, log: Log): Promise<PacketSocket | undefined> {
  const { family, zone, interfaceName } = plan;
  const bindTo = groupBinding(family, zone);
  const sendsOn = outgoing(plan);
  try {
    const speaking = await openPacketSocket({ family, bindTo, port: MDNS_PORT, sendsOn }, log);
    if (family === 6) speaking.join('ff02::fb', sendsOn);
    return speaking;
  } catch (error) {
    log.debug({ err: error, interfaceName }, 'mdns can not speak from port 5353');
    return undefined;
  }
}

function outgoing({ family, address, zone }: LinkPlan): string {
  return family === 4 ? address : `::%${zone}`;
}

/** One for each network: a query must come from an address that the neighbours know as on-link. */
function ipv4Plans({ name, addresses, prefixes }: SharingInterface): LinkPlan[] {
  return prefixes.flatMap((prefix) => {
    const address = addresses.find((each) => isIPv4(each) && prefixContains(prefix, each));
    if (address === undefined) return [];
    return [{ interfaceName: name, family: 4, address, prefixes: [prefix], zone: undefined }];
  });
}

/** From the unique local address where there is one: it needs no zone. */
function ipv6Plan({ name, addresses, prefixes }: SharingInterface): LinkPlan[] {
  const own = addresses.filter((address) => !isIPv4(address));
  const zone = own.find((address) => address.includes('%'))?.split('%')[1];
  const address = own.find((each) => !each.includes('%')) ?? own[0];
  if (zone === undefined || address === undefined) return [];
  const onLink = prefixes.filter((prefix) => prefix.includes(':'));
  return [{ interfaceName: name, family: 6, address, prefixes: onLink, zone }];
}
