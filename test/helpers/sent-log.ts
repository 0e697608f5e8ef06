import { KIB, MIB } from '@peer-cache/core';

/** A piece of a content that a server sent. */
export interface Sent {
  readonly name: string;
  readonly bytes: number;
  readonly atMs: number;
}

/** The journal is written once a second, after a sync that may take as long again on a busy disk. */
const UNJOURNALED_MS = 2500;
/** What the system holds of a connection that nobody reads from, and that is gone with it. */
const MOST_UNREAD_BYTES = 4 * MIB;
/** What has come, and waits for what comes before it, with what is on its way. */
const MOST_AHEAD_BYTES = 4 * MIB;
/** A plain origin is asked for so much at first. */
const BEGINNING_BYTES = 64 * KIB;

/** What servers sent of each content, and when: to tell what was sent more than once, and why. */
export class SentLog {
  readonly #sent: Sent[] = [];
  readonly #lost = new Set<Sent>();
  readonly #unjournaled = new Set<Sent>();
  readonly #broken: string[] = [];
  readonly #beginnings: string[] = [];

  note(name: string, bytes: number): Sent {
    const sent = { name, bytes, atMs: performance.now() };
    this.#sent.push(sent);
    return sent;
  }

  /** Somebody asked for a content's beginning, to learn which version there is. */
  began(name: string): void {
    this.#beginnings.push(name);
  }

  /** A request broke off, whoever's fault that was: what it sent last may never have been read. */
  broke(pieces: readonly Sent[]): void {
    const [first] = pieces;
    if (first !== undefined) this.#broken.push(first.name);
    let unreadBytes = 0;
    for (const sent of pieces.toReversed()) {
      if (unreadBytes >= MOST_UNREAD_BYTES) return;
      this.#lost.add(sent);
      unreadBytes += sent.bytes;
    }
  }

  /**
   * Somebody left an answer. In the background it comes by many requests: what the latest of them
   * brought, too, may have waited for what was to come before it.
   */
  left(pieces: readonly Sent[]): void {
    const [first] = pieces;
    if (first === undefined) return;
    this.broke(pieces);
    let aheadBytes = 0;
    for (const sent of this.#sent.toReversed()) {
      if (aheadBytes >= MOST_AHEAD_BYTES) return;
      if (sent.name !== first.name) continue;
      this.#lost.add(sent);
      aheadBytes += sent.bytes;
    }
  }

  /** The agent was killed: what it did not journal may be sent again. */
  killed(): void {
    const fromMs = performance.now() - UNJOURNALED_MS;
    for (const sent of this.#sent) {
      if (sent.atMs <= fromMs) continue;
      this.#lost.add(sent);
      this.#unjournaled.add(sent);
    }
  }

  sentBytes(names: ReadonlySet<string>): number {
    return bytesOf(this.#sent, names);
  }

  /** Those of them that may be sent again. */
  lostBytes(names: ReadonlySet<string>): number {
    return bytesOf(this.#lost, names) + this.#beganAgainBytes(names);
  }

  /** The same, but for what was never read. */
  unjournaledBytes(names: ReadonlySet<string>): number {
    return bytesOf(this.#unjournaled, names) + this.#beganAgainBytes(names);
  }

  /** Requests that broke off. */
  brokenCount(names: ReadonlySet<string>): number {
    return this.#broken.filter((name) => names.has(name)).length;
  }

  #beganAgainBytes(names: ReadonlySet<string>): number {
    const began = this.#beginnings.filter((name) => names.has(name));
    return (began.length - new Set(began).size) * BEGINNING_BYTES;
  }
}

function bytesOf(sent: Iterable<Sent>, names: ReadonlySet<string>): number {
  let sum = 0;
  for (const { name, bytes } of sent) if (names.has(name)) sum += bytes;
  return sum;
}
