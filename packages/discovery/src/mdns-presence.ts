import { randomBytes } from 'node:crypto';
import { SECOND_MS } from '@peer-cache/core';
import type { Log } from '@peer-cache/core';
import type { KnownPeers } from './known-peers.ts';
import { LinkPresence } from './link-presence.ts';
import type { Link } from './mdns-link.ts';
import type { HeardPacket, MdnsLinks } from './mdns-links.ts';
import { MDNS_PORT } from './mdns-sockets.ts';
import { heardPresences, isConflicting, presenceRecords } from './presence-records.ts';
import type { Presence } from './presence-records.ts';
import { RateLimit } from './rate-limit.ts';
import type { SharingWatcher } from './sharing-watcher.ts';

const LABEL_BYTES = 6;
/** These answers may be longer than the question, as DNS has it, so few of them are given. */
const PLAIN_ANSWER_LIMITS = { perSourcePerSecond: 10, totalPerSecond: 100 };
/** Who claims every name that we take doesn't keep us busy. */
const RENAME_LIMITS = { perSourcePerSecond: 1, totalPerSecond: 1 };

export interface PresenceParts {
  readonly log: Log;
  readonly interfaces: SharingWatcher;
  readonly links: MdnsLinks;
  readonly knownPeers: KnownPeers;
  readonly now: () => number;
  readonly random: () => number;
}

/**
 * Makes this agent known on all links and notes the other agents. Its name is random; it takes a
 * new one when another agent claims it, and when the host moved to other networks, where the old
 * one would tell that it is the same host.
 */
export class MdnsPresence implements AsyncDisposable {
  readonly #parts: PresenceParts;
  readonly #servePort: number;
  readonly #plainAnswers: RateLimit;
  readonly #renames: RateLimit;
  readonly #presences = new Map<Link, LinkPresence>();
  #label = newLabel();
  #isSilent = false;
  #lastPrefixes: readonly string[] = [];
  #work: Promise<void> = Promise.resolve();

  constructor(parts: PresenceParts, servePort: number) {
    this.#parts = parts;
    this.#servePort = servePort;
    this.#plainAnswers = new RateLimit(PLAIN_ANSWER_LIMITS, parts.now);
    this.#renames = new RateLimit(RENAME_LIMITS, parts.now);
    parts.links.on('links-changed', this.#follow);
    this.#follow();
  }

  /** The random name that this agent goes by at present. */
  get label(): string {
    return this.#label;
  }

  get isSilent(): boolean {
    return this.#isSilent;
  }

  /** Says goodbye and no more, or makes itself known again; others are noted all the while. */
  setSilent(isSilent: boolean): void {
    if (isSilent === this.#isSilent) return;
    this.#isSilent = isSilent;
    this.#follow();
  }

  /** Takes a packet that was heard by multicast. */
  hear(heard: HeardPacket): void {
    const { packet, link } = heard;
    const presence = this.#presences.get(link);
    if (packet.type === 'response') {
      // RFC 6762 §6: anything that is sent from another port is no response of a responder.
      if (heard.from.port !== MDNS_PORT) return;
      this.#note(heard);
      this.#renameIfClaimed([...packet.answers, ...packet.additionals]);
    } else {
      // Two that probe for one name at the same time both take another: simpler than RFC 6762
      // §8.2, where the one whose records are greater stays, and names are not worth a fight.
      if (!presence?.hasName) this.#renameIfClaimed(packet.authorities);
      presence?.hearQuery(heard);
    }
  }

  /** Takes back what was announced. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#parts.links.off('links-changed', this.#follow);
    await this.#work;
    await this.#leave([...this.#presences.keys()]);
  }

  readonly #follow = (): void => {
    this.#work = this.#work.then(() => this.#reconcile());
  };

  async #reconcile(): Promise<void> {
    const links: readonly Link[] = this.#isSilent ? [] : this.#parts.links.links;
    // Link-local prefixes, which have a zone, are the same in every network.
    const prefixes = links
      .flatMap(({ plan }) => plan.prefixes)
      .filter((prefix) => !prefix.includes('%'));
    const hasMoved =
      prefixes.length > 0 &&
      this.#lastPrefixes.length > 0 &&
      !prefixes.some((prefix) => this.#lastPrefixes.includes(prefix));
    if (hasMoved) this.#label = newLabel();
    if (prefixes.length > 0) this.#lastPrefixes = prefixes;
    await this.#leave([...this.#presences.keys()].filter((link) => !links.includes(link)));
    for (const link of links) this.#appearOn(link);
  }

  #appearOn(link: Link): void {
    const { knownPeers, now, random } = this.#parts;
    const known = this.#presences.get(link);
    const presence = this.#presenceOn(link.plan.interfaceName);
    if (known !== undefined) {
      known.update(presence);
      return;
    }
    const parts = { knownPeers, now, random, plainAnswers: this.#plainAnswers };
    this.#presences.set(link, new LinkPresence(link, presence, parts));
  }

  async #leave(links: readonly Link[]): Promise<void> {
    const leaving = links.flatMap((link) => this.#presences.get(link) ?? []);
    for (const link of links) this.#presences.delete(link);
    await Promise.all(leaving.map((presence) => presence[Symbol.asyncDispose]()));
  }

  #note({ packet, from, link }: HeardPacket): void {
    const { knownPeers } = this.#parts;
    const { interfaceName } = link.plan;
    for (const { label, port, ttlSeconds } of heardPresences(packet)) {
      if (label === this.#label) continue;
      // The host is where the packet came from, whatever its records say.
      const address = { host: from.address, port };
      if (ttlSeconds === 0) knownPeers.forget(label);
      else knownPeers.hear(label, { address, interfaceName, ttlMs: ttlSeconds * SECOND_MS });
    }
  }

  #renameIfClaimed(records: HeardPacket['packet']['answers']): void {
    const own = presenceRecords(this.#presenceOn(undefined));
    if (!isConflicting(records, this.#label, own) || !this.#renames.take('')) return;
    this.#parts.log.info({ label: this.#label }, 'mdns name claimed by another, taking a new one');
    for (const presence of this.#presences.values()) presence.yieldName();
    this.#label = newLabel();
    this.#work = this.#work.then(() => this.#startOver());
  }

  async #startOver(): Promise<void> {
    await this.#leave([...this.#presences.keys()]);
    await this.#reconcile();
  }

  /** As it is announced on an interface, or on all of them together. */
  #presenceOn(interfaceName: string | undefined): Presence {
    const addresses = this.#parts.interfaces.current
      .filter(({ name, isSharing }) => isSharing && name === (interfaceName ?? name))
      .flatMap((shared) => shared.addresses)
      .map((address) => address.split('%')[0] ?? address);
    return { label: this.#label, port: this.#servePort, addresses };
  }
}

/** Recognisable, so that packets about it can be told from other mDNS without decoding them. */
function newLabel(): string {
  return `peer-cache-${randomBytes(LABEL_BYTES).toString('hex')}`;
}
