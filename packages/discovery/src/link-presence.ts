import { SECOND_MS } from '@peer-cache/core';
import { Background } from './background.ts';
import type { KnownPeers } from './known-peers.ts';
import type { Link } from './mdns-link.ts';
import type { HeardPacket } from './mdns-links.ts';
import { PresenceAnswers } from './presence-answers.ts';
import type { PresenceAnswersParts } from './presence-answers.ts';
import {
  browseQuery,
  goodbyeRecords,
  isSameBrowse,
  presenceRecords,
  probeFor,
} from './presence-records.ts';
import type { Presence } from './presence-records.ts';

/** RFC 6762 §8.1. */
const PROBES = 3;
const PROBE_GAP_MS = 250;
/** RFC 6762 §8.3. */
const ANNOUNCEMENTS = 2;
const ANNOUNCEMENT_GAP_MS: number = SECOND_MS;
/** First soon and twice more for lost packets, then rarely: all hear the answers to all. */
const FIRST_BROWSES_MS: readonly number[] = [20, SECOND_MS, 3 * SECOND_MS];
const FIRST_BROWSE_JITTER_MS = 100;
const LEAST_BROWSE_GAP_MS: number = 60 * SECOND_MS;
const BROWSE_JITTER_MS: number = 30 * SECOND_MS;
/** As many as fit one packet; the others just answer. */
const MOST_KNOWN_ANSWERS = 12;

export interface LinkPresenceParts extends PresenceAnswersParts {
  readonly knownPeers: KnownPeers;
}

/** Makes this agent known on one link, and asks there who else is. */
export class LinkPresence implements AsyncDisposable {
  readonly #link: Link;
  readonly #parts: LinkPresenceParts;
  readonly #answers: PresenceAnswers;
  readonly #background = new Background();
  #presence: Presence;
  #hasName = false;
  #browseAtMs = 0;

  constructor(link: Link, presence: Presence, parts: LinkPresenceParts) {
    this.#link = link;
    this.#presence = presence;
    this.#parts = parts;
    this.#answers = new PresenceAnswers(link, parts);
    this.#background.run(() => this.#introduce());
    this.#background.run(() => this.#browse());
  }

  /** True when the name was probed for and nobody objected. */
  get hasName(): boolean {
    return this.#hasName;
  }

  /** Announces other addresses under the same name. */
  update(presence: Presence): void {
    if (JSON.stringify(presence) === JSON.stringify(this.#presence)) return;
    this.#presence = presence;
    if (this.#hasName) this.#background.run(() => this.#announce());
  }

  /** Takes a query that was heard on this link. */
  hearQuery(heard: HeardPacket): void {
    if (isSameBrowse(heard.packet, this.#knownLabels())) this.#putOffBrowsing();
    if (this.#hasName) this.#answers.hear(heard, this.#presence);
  }

  /** Gives up the name to somebody else, who goes on using it: there is no goodbye then. */
  yieldName(): void {
    this.#hasName = false;
  }

  /** Takes back what was announced. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#background[Symbol.asyncDispose]();
    await this.#answers[Symbol.asyncDispose]();
    if (this.#hasName) await this.#link.announce({ answers: goodbyeRecords(this.#presence) });
  }

  async #introduce(): Promise<void> {
    await this.#background.wait(this.#parts.random() * PROBE_GAP_MS);
    for (let probe = 0; probe < PROBES; probe++) {
      await this.#link.query(probeFor(this.#presence));
      await this.#background.wait(PROBE_GAP_MS);
    }
    this.#hasName = true;
    await this.#announce();
  }

  async #announce(): Promise<void> {
    for (let announcement = 0; announcement < ANNOUNCEMENTS; announcement++) {
      await this.#answers.multicast({ answers: presenceRecords(this.#presence) });
      await this.#background.wait(ANNOUNCEMENT_GAP_MS);
    }
  }

  async #browse(): Promise<void> {
    for (const delayMs of FIRST_BROWSES_MS) {
      await this.#background.wait(delayMs + this.#parts.random() * FIRST_BROWSE_JITTER_MS);
      await this.#link.query(browseQuery(this.#knownLabels()));
    }
    this.#putOffBrowsing();
    for (;;) {
      // Put off again and again as long as others ask the same.
      while (this.#parts.now() < this.#browseAtMs) {
        await this.#background.wait(this.#browseAtMs - this.#parts.now());
      }
      this.#putOffBrowsing();
      await this.#link.query(browseQuery(this.#knownLabels()));
    }
  }

  /** Ourselves first: so we don't answer our own question, which we hear too. */
  #knownLabels(): string[] {
    const own = this.#hasName ? [this.#presence.label] : [];
    const fresh = this.#parts.knownPeers.freshNames(this.#link.plan.interfaceName);
    return [...own, ...fresh].slice(0, MOST_KNOWN_ANSWERS);
  }

  #putOffBrowsing(): void {
    const gapMs = LEAST_BROWSE_GAP_MS + this.#parts.random() * BROWSE_JITTER_MS;
    this.#browseAtMs = this.#parts.now() + gapMs;
  }
}
