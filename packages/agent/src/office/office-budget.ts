import { OfficeTurns } from '@peer-cache/bandwidth';
import type { Office, Pacer } from '@peer-cache/bandwidth';
import { SECOND_MS } from '@peer-cache/core';
import type { LinkNotices } from '@peer-cache/discovery';
import { decodeWanNotice, encodeWanNotice } from '@peer-cache/protocol';

/** What one moment says holds for a while: demand comes and goes between requests. */
const WANTS_MS = 1 * SECOND_MS;
const FOREGROUND_MS = 1.5 * SECOND_MS;
/** How often to look, and to tell where nothing changed. */
const LOOK_MS = 100;
const TELL_MS = 0.4 * SECOND_MS;
/** Between two times that it makes way for what is heard, and sees no more of. */
const LEAST_WAY_MS = 3 * SECOND_MS;
/** Changes are told at once, but not one after the other. */
const LEAST_GAP_MS = 20;

export interface OfficeBudgetParts {
  /** Absent where nothing is shared with others. */
  readonly notices: Pick<LinkNotices, 'send' | 'on' | 'off'> | undefined;
  readonly peerId: string;
}

/** This agent among those that share a way out: it tells what it wants, and keeps to its turn. */
export class OfficeBudget implements Office, Disposable {
  readonly #notices: OfficeBudgetParts['notices'];
  readonly #turns: OfficeTurns;
  readonly #onHeard = ({ bytes, host }: { bytes: Uint8Array; host: string }): void =>
    this.#hear(bytes, host);
  #pacer: Pacer | undefined;
  #timer: NodeJS.Timeout | undefined;
  #wantedMs = Number.NEGATIVE_INFINITY;
  #foregroundMs = Number.NEGATIVE_INFINITY;
  #mayFetch = true;
  #madeWayMs = Number.NEGATIVE_INFINITY;
  #told = '';
  #toldMs = Number.NEGATIVE_INFINITY;

  constructor({ notices, peerId }: OfficeBudgetParts) {
    this.#notices = notices;
    this.#turns = new OfficeTurns(peerId);
    notices?.on('heard', this.#onHeard);
  }

  /** Whose requests it is about. */
  attach(pacer: Pacer): void {
    this.#pacer = pacer;
  }

  mayFetch(): boolean {
    return this.#mayFetch;
  }

  want(): void {
    this.#wantedMs = performance.now();
    this.#wake();
  }

  foreground(): void {
    this.#foregroundMs = performance.now();
    this.#wake();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#notices?.off('heard', this.#onHeard);
  }

  /** Looks from now on, until there is nothing to look for. */
  #wake(): void {
    if (this.#notices === undefined || this.#timer !== undefined) return;
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref();
    this.#look();
  }

  #look(): void {
    const nowMs = performance.now();
    const isWanting = this.#pacer?.isWanting === true;
    const wants = isWanting || nowMs - this.#wantedMs < WANTS_MS;
    const isForeground = nowMs - this.#foregroundMs < FOREGROUND_MS;
    const isFilling = this.#pacer?.isFilling === true;
    const bytesPerSecond = this.#pacer?.linkBytesPerSecond ?? 0;
    const mayFetch = this.#turns.look({ wants, isFilling, isForeground, bytesPerSecond }, nowMs);
    this.#tell(nowMs);
    if (!wants && !isForeground) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    if (mayFetch === this.#mayFetch) return;
    this.#mayFetch = mayFetch;
    this.#pacer?.turnChanged();
  }

  #tell(nowMs: number): void {
    const { notice } = this.#turns;
    const text = `${notice?.use} ${notice?.turns} ${notice?.isFilling}`;
    const sinceMs = nowMs - this.#toldMs;
    if (sinceMs < LEAST_GAP_MS || (text === this.#told && sinceMs < TELL_MS)) return;
    this.#told = text;
    if (notice === undefined) return;
    this.#toldMs = nowMs;
    this.#notices?.send(encodeWanNotice(notice));
  }

  /** Whoever may say so from many addresses still costs but a part of the time. */
  #makeWay(nowMs: number): void {
    if (nowMs - this.#madeWayMs < LEAST_WAY_MS) return;
    this.#madeWayMs = nowMs;
    this.#pacer?.makeWay('office');
  }

  #hear(bytes: Uint8Array, host: string): void {
    try {
      const nowMs = performance.now();
      const notice = decodeWanNotice(bytes);
      const { isNews } = this.#turns.hear(notice, host, nowMs);
      if (notice.bytesPerSecond > 0) this.#pacer?.supposeLink(notice.bytesPerSecond);
      if (isNews) this.#makeWay(nowMs);
      this.#look();
    } catch {
      // Anybody may send anything to a group; what is no notice is nobody's.
    }
  }
}
