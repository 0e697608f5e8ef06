import { EventEmitter } from 'node:events';
import { MINUTE_MS, SECOND_MS } from '@peer-cache/core';
import type { Log } from '@peer-cache/core';
import type { DnsPacket } from './dns-records.ts';
import type { Source } from './lookup-answers.ts';
import { linkPlans, MdnsLink } from './mdns-link.ts';
import type { Link, LinkPlan } from './mdns-link.ts';
import {
  groupBinding,
  MDNS_PORT,
  mdnsGroup,
  openPacketSocket,
  PacketReader,
} from './mdns-sockets.ts';
import type { PacketSocket } from './mdns-sockets.ts';
import type { SharingWatcher } from './sharing-watcher.ts';

/** A link that could not be opened is tried again: an IPv6 address takes a second to be usable. */
const RETRY_AFTER_MS = 2 * SECOND_MS;
/** A socket may break, and port 5353 may become free, without a change of interfaces. */
const CHECK_EVERY_MS: number = MINUTE_MS;

export interface LinksParts {
  readonly log: Log;
  readonly interfaces: SharingWatcher;
}

/** A packet from an on-link neighbour. */
export interface HeardPacket {
  readonly packet: DnsPacket;
  readonly from: Source;
  readonly link: Link;
  /** Of the datagram. */
  readonly sizeBytes: number;
}

export interface LinksEvents {
  /** Interfaces or addresses changed; `links` are those that are open now. */
  'links-changed': [{ readonly links: readonly Link[] }];
  /** By multicast. */
  'packet-heard': [HeardPacket];
  /** By unicast to the port that a link asks from. */
  'answer-heard': [HeardPacket];
}

/**
 * The sockets of mDNS on all sharing interfaces, which it follows as they come and go. IPv4 has one
 * socket that hears all links, because every socket bound to the group hears every interface, and
 * none is told which; the source's prefix says it, and what matches none is dropped.
 */
export class MdnsLinks extends EventEmitter<LinksEvents> implements AsyncDisposable {
  readonly #log: Log;
  readonly #interfaces: SharingWatcher;
  readonly #speaks: boolean;
  readonly #reader = new PacketReader();
  readonly #links = new Map<string, MdnsLink>();
  #receiver: PacketSocket | undefined;
  #receiverKey = '';
  #isDeaf = false;
  #work: Promise<void> = Promise.resolve();
  #next: NodeJS.Timeout | undefined;
  #isDisposed = false;

  constructor({ log, interfaces }: LinksParts, { speaks }: { readonly speaks: boolean }) {
    super();
    this.#log = log;
    this.#interfaces = interfaces;
    this.#speaks = speaks;
    interfaces.on('interfaces-changed', this.#follow);
  }

  get links(): readonly MdnsLink[] {
    return [...this.#links.values()];
  }

  /** Opens and closes links until they are those of the current sharing interfaces. */
  follow(): Promise<void> {
    this.#work = this.#work.then(() => this.#reconcile());
    return this.#work;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    this.#interfaces.off('interfaces-changed', this.#follow);
    clearTimeout(this.#next);
    await this.#work;
    this.removeAllListeners();
    for (const link of this.links) await link[Symbol.asyncDispose]();
    await this.#receiver?.[Symbol.asyncDispose]();
    this.#reader[Symbol.dispose]();
  }

  // #reconcile does not throw, so there is nothing to wait for.
  readonly #follow = (): void => void this.follow();

  async #reconcile(): Promise<void> {
    if (this.#isDisposed) return;
    clearTimeout(this.#next);
    const plans = new Map(
      linkPlans(this.#interfaces.current).map((plan) => [JSON.stringify(plan), plan]),
    );
    await this.#closeAllBut(plans);
    const opened = await this.#open(plans);
    await this.#renewReceiver();
    const lookAgainMs = opened === plans.size ? CHECK_EVERY_MS : RETRY_AFTER_MS;
    this.#next = setTimeout(this.#follow, lookAgainMs).unref();
    this.emit('links-changed', { links: this.links });
  }

  async #closeAllBut(plans: ReadonlyMap<string, LinkPlan>): Promise<void> {
    for (const [key, link] of this.#links) {
      if (plans.has(key) && !link.isBroken) continue;
      this.#links.delete(key);
      await link[Symbol.asyncDispose]();
    }
  }

  /** How many of the planned links are open then. */
  async #open(plans: ReadonlyMap<string, LinkPlan>): Promise<number> {
    for (const [key, plan] of plans) {
      if (this.#links.has(key)) continue;
      try {
        const link = await MdnsLink.open(plan, { speaks: this.#speaks }, this.#log);
        link.hearAnswers((bytes, from) => this.#hear('answer-heard', bytes, from, link));
        link.hearGroup((bytes, from) => this.#hear('packet-heard', bytes, from, link));
        this.#links.set(key, link);
      } catch (error) {
        const { interfaceName, address } = plan;
        this.#log.debug({ err: error, interfaceName, address }, 'mdns link not open yet');
      }
    }
    return this.#links.size;
  }

  /**
   * Made anew whenever the IPv4 links change: memberships of addresses that went can't be dropped,
   * and a socket has room for 20.
   */
  async #renewReceiver(): Promise<void> {
    const plans = this.links.map(({ plan }) => plan).filter(({ family }) => family === 4);
    const key = this.#speaks ? plans.map(({ address }) => address).join(' ') : '';
    if (key === this.#receiverKey && !this.#receiver?.isBroken) return;
    await this.#receiver?.[Symbol.asyncDispose]();
    this.#receiver = undefined;
    this.#receiverKey = '';
    if (key === '') return;
    try {
      this.#receiver = await this.#openReceiver(plans);
      this.#receiverKey = key;
      this.#isDeaf = false;
    } catch (error) {
      this.#log[this.#isDeaf ? 'debug' : 'warn'](
        { err: error },
        'mdns port 5353 can not be had: this agent asks but is not found',
      );
      this.#isDeaf = true;
    }
  }

  async #openReceiver(plans: readonly LinkPlan[]): Promise<PacketSocket> {
    const bindTo = groupBinding(4, undefined);
    const receiver = await openPacketSocket(
      { family: 4, bindTo, port: MDNS_PORT, sendsOn: undefined },
      this.#log,
    );
    for (const { address, interfaceName } of plans) {
      try {
        receiver.join(mdnsGroup(4, undefined), address);
      } catch (error) {
        // EADDRINUSE: the second network of one interface, which is joined already.
        this.#log.debug({ err: error, interfaceName, address }, 'mdns group not joined');
      }
    }
    receiver.hear((bytes, from) => this.#hear('packet-heard', bytes, from, undefined));
    return receiver;
  }

  #hear(
    event: 'packet-heard' | 'answer-heard',
    bytes: Buffer,
    from: Source,
    only: MdnsLink | undefined,
  ): void {
    const candidates = only === undefined ? this.links : [only];
    const link = candidates.find((each) => each.isOnLink(from.address));
    if (link === undefined) return;
    const packet = this.#reader.read(bytes);
    if (packet !== undefined) this.emit(event, { packet, from, link, sizeBytes: bytes.length });
  }
}

/** Opens what can be opened of the links; the rest, and what comes later, follows by itself. */
export async function openMdnsLinks(
  parts: LinksParts,
  options: { readonly speaks: boolean },
): Promise<MdnsLinks> {
  const links = new MdnsLinks(parts, options);
  await links.follow();
  return links;
}
