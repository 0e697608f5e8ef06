import type { EventEmitter } from 'node:events';
import { OfficeTurns } from '@peer-cache/bandwidth';
import type { LimitsClock, Office, Pacer } from '@peer-cache/bandwidth';
import { SECOND_MS } from '@peer-cache/core';
import type { LinkNotices } from '@peer-cache/discovery';
import { decodeWanNotice, encodeWanNotice } from '@peer-cache/protocol';
import type { WanNotice } from '@peer-cache/protocol';

/** What one moment says holds for a while: demand comes and goes between requests. */
const WANTS_MS = 1 * SECOND_MS;
/** Who has asked for nothing for so long leaves what there is to others, if for a moment only. */
const FILLS_MS = 0.25 * SECOND_MS;
const FOREGROUND_MS = 1.5 * SECOND_MS;
const LOOK_MS = 100;
/** Between two times that it makes way for what is heard, and sees no more of. */
const LEAST_WAY_MS = 3 * SECOND_MS;

interface Heard {
  readonly bytes: Uint8Array;
  readonly host: string;
}

/** Others' notices, and the way to them. */
export type OfficeNotices = Pick<LinkNotices, 'send'> &
  Pick<EventEmitter<{ heard: [Heard] }>, 'on' | 'off'>;

export interface OfficeBudgetParts {
  /** Absent where nothing is shared with others. */
  readonly notices: OfficeNotices | undefined;
  readonly peerId: string;
  readonly clock: Pick<LimitsClock, 'uptimeMs' | 'every'>;
}

/** Whose requests it is about. */
export type OfficePacer = Pick<
  Pacer,
  'isWanting' | 'isFilling' | 'linkBytesPerSecond' | 'makeWay' | 'supposeLink' | 'turnChanged'
>;

/** This agent among those that share a way out: it tells what it wants, and keeps to its turn. */
export class OfficeBudget implements Office, Disposable {
  readonly #clock: OfficeBudgetParts['clock'];
  readonly #turns: OfficeTurns;
  readonly #onHeard = ({ bytes, host }: Heard): void => this.#hear(bytes, host);
  #notices: OfficeBudgetParts['notices'];
  #pacer: OfficePacer | undefined;
  #looking: Disposable | undefined;
  #wantedMs = Number.NEGATIVE_INFINITY;
  #wantingMs = Number.NEGATIVE_INFINITY;
  #foregroundMs = Number.NEGATIVE_INFINITY;
  #mayFetch = true;
  #madeWayMs = Number.NEGATIVE_INFINITY;

  constructor({ notices, peerId, clock }: OfficeBudgetParts) {
    this.#notices = notices;
    this.#clock = clock;
    this.#turns = new OfficeTurns(peerId);
    notices?.on('heard', this.#onHeard);
  }

  /** Whose requests it is about. */
  attach(pacer: OfficePacer): void {
    this.#pacer = pacer;
  }

  mayFetch(): boolean {
    return this.#mayFetch;
  }

  want(): void {
    this.#wantedMs = this.#clock.uptimeMs();
    this.#wake();
  }

  foreground(): void {
    this.#foregroundMs = this.#clock.uptimeMs();
    this.#wake();
  }

  [Symbol.dispose](): void {
    this.#looking?.[Symbol.dispose]();
    this.#notices?.off('heard', this.#onHeard);
    this.#notices = undefined;
  }

  #wake(): void {
    if (this.#notices !== undefined && this.#looking === undefined) this.#look();
  }

  #look(): void {
    const nowMs = this.#clock.uptimeMs();
    const isWanting = this.#pacer?.isWanting === true;
    if (isWanting) this.#wantingMs = nowMs;
    const wants = nowMs - Math.max(this.#wantedMs, this.#wantingMs) < WANTS_MS;
    const isForeground = nowMs - this.#foregroundMs < FOREGROUND_MS;
    // What was full a moment ago is empty when a job has come to its end.
    const isAtIt = nowMs - this.#wantingMs < FILLS_MS;
    const isFilling = isAtIt && this.#pacer?.isFilling === true;
    const bytesPerSecond = this.#pacer?.linkBytesPerSecond ?? 0;
    const mayFetch = this.#turns.look({ wants, isFilling, isForeground, bytesPerSecond }, nowMs);
    const notice = this.#turns.tell(nowMs);
    if (notice !== undefined) this.#notices?.send(encodeWanNotice(notice));
    this.#lookOn(wants || isForeground || !mayFetch);
    if (mayFetch === this.#mayFetch) return;
    this.#mayFetch = mayFetch;
    this.#pacer?.turnChanged();
  }

  /** Who may not fetch looks, too: the others may go without a word. */
  #lookOn(isNeeded: boolean): void {
    if (isNeeded) {
      this.#looking ??= this.#clock.every(LOOK_MS, () => this.#look());
    } else {
      this.#looking?.[Symbol.dispose]();
      this.#looking = undefined;
    }
  }

  /** Whoever may say so from many addresses still costs but a part of the time. */
  #makeWay(nowMs: number): void {
    if (nowMs - this.#madeWayMs < LEAST_WAY_MS) return;
    this.#madeWayMs = nowMs;
    this.#pacer?.makeWay('office');
  }

  #hear(bytes: Uint8Array, host: string): void {
    const notice = noticeOf(bytes);
    if (notice === undefined) return;
    const nowMs = this.#clock.uptimeMs();
    const { isNews } = this.#turns.hear(notice, host, nowMs);
    if (notice.bytesPerSecond > 0) this.#pacer?.supposeLink(notice.bytesPerSecond);
    if (isNews) this.#makeWay(nowMs);
    this.#look();
  }
}

function noticeOf(bytes: Uint8Array): WanNotice | undefined {
  try {
    return decodeWanNotice(bytes);
  } catch {
    // Anybody may send anything to a group; what is no notice is nobody's.
    return undefined;
  }
}
