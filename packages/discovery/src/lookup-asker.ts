import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { FoundPeer, SegmentLookup } from './finder.ts';
import { FoundQueue } from './found-queue.ts';
import { provenEntries } from './lookup-answers.ts';
import {
  decodeLookupAnswer,
  encodeLookupQuery,
  LOOKUP_NONCE_BYTES,
  MOST_LOOKUPS_PER_PACKET,
} from './lookup-packet.ts';
import type { Link } from './mdns-link.ts';
import type { HeardPacket } from './mdns-links.ts';
import { Pace } from './pace.ts';

/** After each round of asking; what nobody answered for goes into the next. 0.7 s in all. */
const ROUND_MS = [120, 280, 300] as const;
/** All is answered for, and no more answers came for so long: the jitter of any honest agent. */
const QUIET_MS = 60;
/** Of one packet: each is remembered, so that one agent is believed once. */
const MOST_ANSWERS_PER_PACKET = 256;

export interface AskerParts {
  readonly links: () => readonly Link[];
  readonly now: () => number;
  /** Whether this is our own serving address. */
  readonly isOwn: (address: string, port: number) => boolean;
}

interface AskedPacket {
  readonly search: Search;
  readonly link: Link;
  readonly id: number;
  /** Places in the search's lookups, in the packet's order. */
  readonly places: readonly number[];
  readonly answered: Set<string>;
}

/** Finds segments by asking everybody on the sharing interfaces. */
export class LookupAsker {
  readonly #parts: AskerParts;
  readonly #pace: Pace;
  readonly #asked = new Map<string, AskedPacket>();

  constructor(parts: AskerParts) {
    this.#parts = parts;
    this.#pace = new Pace(parts.now);
  }

  /** Asks, and yields the answers as they come; ends early, without an error, with the signal. */
  async *find(
    lookups: readonly SegmentLookup[],
    { signal }: { signal: AbortSignal },
  ): AsyncGenerator<FoundPeer, void, void> {
    const search = new Search(lookups);
    const left = new AbortController();
    const asking = this.#ask(search, AbortSignal.any([signal, left.signal, search.enough]));
    try {
      yield* search.found;
    } finally {
      left.abort();
      await asking;
    }
  }

  /** Takes a packet that came to a port which we ask from. */
  hear({ packet, from, link }: HeardPacket): void {
    const answer = decodeLookupAnswer(packet);
    const asked = answer && this.#asked.get(keyOf(answer.nonce));
    if (answer === undefined || asked === undefined) return;
    if (asked.id !== answer.id || asked.link !== link) return;
    const address = { host: from.address, port: answer.port };
    const key = `${address.host} ${address.port}`;
    if (this.#parts.isOwn(address.host, address.port) || asked.answered.has(key)) return;
    const holds = answer.held.flatMap((index) => asked.places[index] ?? []);
    if (holds.length === 0 || asked.answered.size >= MOST_ANSWERS_PER_PACKET) return;
    asked.answered.add(key);
    asked.search.note({ address, holds });
  }

  /** Doesn't throw: an abort is the usual end. */
  async #ask(search: Search, signal: AbortSignal): Promise<void> {
    try {
      for (const [round, waitMs] of ROUND_MS.entries()) {
        const links = linksToAsk(this.#parts.links(), round);
        if (links.length === 0 || search.lookups.length === 0) break;
        await this.#askRound(search, { round, links, signal });
        await wait(waitMs, undefined, { signal });
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      search.close();
      for (const [key, asked] of this.#asked) {
        if (asked.search === search) this.#asked.delete(key);
      }
    }
  }

  async #askRound(
    search: Search,
    { round, links, signal }: { round: number; links: readonly Link[]; signal: AbortSignal },
  ): Promise<void> {
    const places = [...search.unanswered];
    for (let at = 0; at < places.length; at += MOST_LOOKUPS_PER_PACKET) {
      for (const link of links) {
        await this.#pace.turn(signal);
        const some = places.slice(at, at + MOST_LOOKUPS_PER_PACKET);
        await this.#send(search, { round, link, places: some });
      }
    }
  }

  async #send(
    search: Search,
    { round, link, places }: { round: number; link: Link; places: readonly number[] },
  ): Promise<void> {
    const nonce = randomBytes(LOOKUP_NONCE_BYTES);
    const id = randomBytes(2).readUInt16BE();
    const lookups = places.flatMap((place) => search.lookups[place] ?? []);
    const entries = provenEntries(lookups, nonce, link.asker);
    this.#asked.set(keyOf(nonce), { search, link, id, places, answered: new Set() });
    await link.ask(encodeLookupQuery({ id, round, nonce, entries }));
  }
}

/** One call of find. */
class Search {
  readonly lookups: readonly SegmentLookup[];
  readonly found = new FoundQueue<FoundPeer>();
  readonly unanswered: Set<number>;
  readonly #enough = new AbortController();
  #quiet: NodeJS.Timeout | undefined;

  constructor(lookups: readonly SegmentLookup[]) {
    this.lookups = lookups;
    this.unanswered = new Set(lookups.keys());
  }

  /** Aborts when all is answered for and no more answers are likely. */
  get enough(): AbortSignal {
    return this.#enough.signal;
  }

  note(peer: FoundPeer): void {
    for (const place of peer.holds ?? []) this.unanswered.delete(place);
    this.found.push(peer);
    if (this.unanswered.size > 0) return;
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => this.#enough.abort(), QUIET_MS).unref();
  }

  close(): void {
    clearTimeout(this.#quiet);
    this.found.close();
  }
}

/**
 * First one address family for each interface, IPv4 where there is one, so that a neighbour with
 * both is asked and answers once; then all, for neighbours that have only the other.
 */
function linksToAsk(links: readonly Link[], round: number): readonly Link[] {
  if (round > 0) return links;
  const withIpv4 = new Set(
    links.filter(({ plan }) => plan.family === 4).map(({ plan }) => plan.interfaceName),
  );
  return links.filter(({ plan }) => plan.family === 4 || !withIpv4.has(plan.interfaceName));
}

function keyOf(nonce: Uint8Array): string {
  return Buffer.from(nonce).toString('hex');
}
