import { SECOND_MS } from '@peer-cache/core';
import { LEAST_PORT } from '@peer-cache/protocol';
import { Background } from './background.ts';
import { recordKey } from './dns-records.ts';
import type { DnsPacket, DnsRecord, OutgoingPacket } from './dns-records.ts';
import type { Source } from './lookup-answers.ts';
import type { Link } from './mdns-link.ts';
import type { HeardPacket } from './mdns-links.ts';
import { MDNS_PORT } from './mdns-sockets.ts';
import { answerTo, withoutKnown } from './presence-records.ts';
import type { Presence, PresenceAnswer } from './presence-records.ts';
import type { RateLimit } from './rate-limit.ts';

interface Span {
  readonly least: number;
  readonly most: number;
}

/** RFC 6762 §6: what several have an answer to is answered after 20 to 120 ms... */
const SHARED_DELAY_MS: Span = { least: 20, most: 120 };
/** ...and after 400 to 500 when the asker has more known answers to send (§7.2). */
const TRUNCATED_DELAY_MS: Span = { least: 400, most: 500 };
/** RFC 6762 §6: a record isn't multicast again before that, except to defend it against a probe. */
const REPEAT_AFTER_MS: number = SECOND_MS;
const DEFEND_AFTER_MS = 250;
/** RFC 6762 §6.7: a plain DNS resolver may not keep an answer for longer. */
const PLAIN_TTL_SECONDS = 10;
const MOST_PENDING = 32;

export interface PresenceAnswersParts {
  readonly now: () => number;
  readonly random: () => number;
  readonly plainAnswers: RateLimit;
}

interface Pending {
  readonly asker: string;
  answers: readonly DnsRecord[];
}

/** Answers on one link to who asks about us in plain mDNS, no more often than RFC 6762 allows. */
export class PresenceAnswers implements AsyncDisposable {
  readonly #link: Link;
  readonly #parts: PresenceAnswersParts;
  readonly #background = new Background();
  readonly #pending = new Set<Pending>();
  readonly #sentAtMs = new Map<string, number>();

  constructor(link: Link, parts: PresenceAnswersParts) {
    this.#link = link;
    this.#parts = parts;
  }

  /** Takes a query that was heard on this link. */
  hear({ packet, from }: HeardPacket, presence: Presence): void {
    const asker = `${from.address} ${from.port}`;
    for (const pending of this.#pending) {
      if (pending.asker === asker) pending.answers = withoutKnown(pending.answers, packet.answers);
    }
    const answer = answerTo(packet, presence);
    if (answer.answers.length === 0 || this.#background.count >= MOST_PENDING) return;
    if (from.port === MDNS_PORT) {
      this.#background.run(() => this.#answerAll(answer, packet, asker));
    } else if (from.port >= LEAST_PORT && this.#parts.plainAnswers.take(from.address)) {
      this.#background.run(() => this.#answerPlain(answer, packet, from));
    }
  }

  /** Multicasts records, and remembers when. */
  async multicast(packet: OutgoingPacket): Promise<void> {
    const nowMs = this.#parts.now();
    for (const record of packet.answers ?? []) this.#sentAtMs.set(recordKey(record), nowMs);
    await this.#link.announce(packet);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#background[Symbol.asyncDispose]();
  }

  async #answerAll(
    { answers, additionals }: PresenceAnswer,
    { isTruncated, authorities }: DnsPacket,
    asker: string,
  ): Promise<void> {
    const pending: Pending = { asker, answers };
    this.#pending.add(pending);
    try {
      await this.#background.wait(this.#delayMs(answers, isTruncated));
    } finally {
      this.#pending.delete(pending);
    }
    const isProbe = authorities.length > 0;
    const spanMs = isProbe ? DEFEND_AFTER_MS : REPEAT_AFTER_MS;
    const due = pending.answers.filter((record) => !this.#wasSentWithin(spanMs, record));
    if (due.length > 0) await this.multicast({ answers: due, additionals });
  }

  /** Only what was asked for, so that a forged source is sent little: no additional records. */
  async #answerPlain(
    { answers }: PresenceAnswer,
    { id, questions, isTruncated }: DnsPacket,
    from: Source,
  ): Promise<void> {
    await this.#background.wait(this.#delayMs(answers, isTruncated));
    const plain = answers.map((record) => ({
      ...record,
      ttl: Math.min(record.ttl, PLAIN_TTL_SECONDS),
      flush: false,
    }));
    await this.#link.reply({ id, questions, answers: plain }, from);
  }

  #delayMs(answers: readonly DnsRecord[], isTruncated: boolean): number {
    const isShared = answers.some(({ type }) => type === 'PTR');
    if (!isShared && !isTruncated) return 0;
    const { least, most } = isTruncated ? TRUNCATED_DELAY_MS : SHARED_DELAY_MS;
    return least + this.#parts.random() * (most - least);
  }

  #wasSentWithin(spanMs: number, record: DnsRecord): boolean {
    const sentAtMs = this.#sentAtMs.get(recordKey(record));
    return sentAtMs !== undefined && this.#parts.now() - sentAtMs < spanMs;
  }
}
