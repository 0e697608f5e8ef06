import { EventEmitter } from 'node:events';
import type { ToldPeer } from '@peer-cache/protocol';
import { rankOf } from './claim.ts';
import type { Claim, Standing } from './claim.ts';

/** Versions of segments that are posted no more are remembered for so many. */
const MOST_REMEMBERED = 4096;

/** A segment that this agent works on, as far as its neighbours should know. */
export interface PostedSegment {
  readonly standing: Standing;
  readonly claims: readonly Claim[];
}

/** What one transfer tells, and hears, about the segments it works on. */
export interface Posting {
  /** The segment as it stands now; undefined when the transfer has nothing to do with it. */
  segment(segmentName: string): PostedSegment | undefined;
  /** Whether a block is on its way from the origin, or about to be in the store. */
  isComing(segmentName: string, blockIndex: number): boolean;
  /** Neighbours that are worth knowing for whoever has to do with it too; the same list until it changes. */
  peers(): readonly ToldPeer[];
  /** Somebody who proved to know one of the segments called, and serves at this address. */
  called(peer: { readonly host: string; readonly port: number }): void;
}

export interface BoardEvents {
  /** What is told of a segment changed; urgent where a neighbour should know at once. */
  'segment-changed': [{ readonly segmentName: string; readonly isUrgent: boolean }];
}

interface Entry {
  readonly proofKey: Uint8Array;
  readonly postings: Set<Posting>;
}

/**
 * Where the transfers of this agent post what they work on, and its server reads it: who wants a
 * segment, and which runs of it are on their way from the origin. Segments go by their IDs in
 * hexadecimal.
 */
export class Board {
  readonly events: EventEmitter<BoardEvents> = new EventEmitter<BoardEvents>().setMaxListeners(0);
  readonly #entries = new Map<string, Entry>();
  readonly #versions = new Map<string, number>();
  #changes = 0;

  /** What is told of a segment, by all who work on it together; undefined where nobody does. */
  find(segmentName: string): PostedSegment | undefined {
    const entry = this.#entries.get(segmentName);
    if (entry === undefined) return undefined;
    const parts = [...entry.postings].flatMap((posting) => posting.segment(segmentName) ?? []);
    const [first] = parts;
    if (first === undefined || parts.length === 1) return first;
    const standing = parts.map((part) => part.standing).reduce(mostUrgent);
    return { standing, claims: parts.flatMap(({ claims }) => claims) };
  }

  /** Whether a block of a segment is on its way here. */
  isComing(segmentName: string, blockIndex: number): boolean {
    for (const posting of this.postings(segmentName)) {
      if (posting.isComing(segmentName, blockIndex)) return true;
    }
    return false;
  }

  /** Who works on a segment. */
  postings(segmentName: string): Iterable<Posting> {
    return this.#entries.get(segmentName)?.postings ?? [];
  }

  /** What an asker must prove to know about a segment; undefined where nobody works on it. */
  proofKeyOf(segmentId: Uint8Array): Uint8Array | undefined {
    return this.#entries.get(Buffer.from(segmentId).toString('hex'))?.proofKey;
  }

  /** Grows with each change of what {@link find} gives, its end included. */
  versionOf(segmentName: string): number {
    return this.#versions.get(segmentName) ?? 0;
  }

  /** Begins to tell of a segment, until disposed. */
  post(segmentId: Uint8Array, proofKey: Uint8Array, posting: Posting): Disposable {
    const segmentName = Buffer.from(segmentId).toString('hex');
    const entry = this.#entries.get(segmentName) ?? { proofKey, postings: new Set() };
    entry.postings.add(posting);
    this.#entries.set(segmentName, entry);
    this.changed(segmentName, { isUrgent: true });
    return {
      [Symbol.dispose]: () => {
        entry.postings.delete(posting);
        if (entry.postings.size === 0) this.#entries.delete(segmentName);
        this.changed(segmentName, { isUrgent: false });
      },
    };
  }

  /** Something that is told of a segment changed. */
  changed(segmentName: string, { isUrgent }: { readonly isUrgent: boolean }): void {
    this.#changes++;
    this.#versions.delete(segmentName);
    this.#versions.set(segmentName, this.#changes);
    if (this.#versions.size > MOST_REMEMBERED) this.#forgetOldest();
    this.events.emit('segment-changed', { segmentName, isUrgent });
  }

  #forgetOldest(): void {
    for (const segmentName of this.#versions.keys()) {
      if (this.#entries.has(segmentName)) continue;
      this.#versions.delete(segmentName);
      return;
    }
  }
}

function mostUrgent(one: Standing, other: Standing): Standing {
  return rankOf(one) >= rankOf(other) ? one : other;
}
