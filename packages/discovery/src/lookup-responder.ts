import { LEAST_PORT } from '@peer-cache/protocol';
import { Background } from './background.ts';
import type { Holdings } from './finder.ts';
import type { KnownPeers } from './known-peers.ts';
import { answerDelayMs, heldEntries, isAnswering } from './lookup-answers.ts';
import { decodeLookupQuery, encodeLookupAnswer, lookupAnswerBytes } from './lookup-packet.ts';
import type { LookupQuery } from './lookup-packet.ts';
import type { HeardPacket } from './mdns-links.ts';
import { RateLimit } from './rate-limit.ts';

/** 12 queries are what one search sends for 140 segments; 400 cost about 5 % of a core. */
const QUERY_LIMITS = { perSourcePerSecond: 40, totalPerSecond: 400 };
const ANSWER_LIMITS = { perSourcePerSecond: 10, totalPerSecond: 100 };

export interface ResponderParts {
  readonly holdings: Holdings;
  readonly knownPeers: KnownPeers;
  readonly now: () => number;
  readonly random: () => number;
}

/**
 * Answers packed segment queries so that it can't be made a reflector: only on-link askers that
 * prove each segment they are told about, at a limited rate, never with more than they sent.
 */
export class LookupResponder implements AsyncDisposable {
  readonly #parts: ResponderParts;
  readonly #servePort: number;
  readonly #queries: RateLimit;
  readonly #answers: RateLimit;
  readonly #background = new Background();

  constructor(parts: ResponderParts, servePort: number) {
    this.#parts = parts;
    this.#servePort = servePort;
    this.#queries = new RateLimit(QUERY_LIMITS, parts.now);
    this.#answers = new RateLimit(ANSWER_LIMITS, parts.now);
  }

  /** Takes a packet that came by multicast from an on-link source. */
  hear(heard: HeardPacket): void {
    const query = decodeLookupQuery(heard.packet);
    if (query === undefined) return;
    const held = this.#heldOf(query, heard);
    if (held.length === 0) return;
    this.#background.run(() => this.#answer(query, held, heard));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#background[Symbol.asyncDispose]();
  }

  /** What may be told; nothing for whoever must not be answered. */
  #heldOf(query: LookupQuery, { from, link, sizeBytes }: HeardPacket): number[] {
    const { holdings, knownPeers, random } = this.#parts;
    const isOwn = from.port === link.asker.port && from.address === link.asker.address;
    if (isOwn || from.port < LEAST_PORT) return [];
    if (lookupAnswerBytes(query.entries.length) > sizeBytes) return [];
    if (!isAnswering(query.round, knownPeers.size, random())) return [];
    if (!this.#queries.take(from.address)) return [];
    const held = heldEntries(query, from, holdings);
    return held.length > 0 && this.#answers.take(from.address) ? held : [];
  }

  async #answer(query: LookupQuery, held: number[], { link, from }: HeardPacket): Promise<void> {
    const { knownPeers, random } = this.#parts;
    const { id, nonce, entries } = query;
    await this.#background.wait(answerDelayMs(knownPeers.size, random()));
    const answer = { id, nonce, port: this.#servePort, held };
    await link.reply(encodeLookupAnswer(answer, entries.length), from);
  }
}
