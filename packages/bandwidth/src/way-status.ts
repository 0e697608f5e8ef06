import type { YieldReason } from '@peer-cache/protocol';
import type { DelayWindow } from './delay-window.ts';

/** How a way to an origin does, for people. */
export interface WayStatus {
  readonly way: string;
  /** Why nothing but tries goes out; undefined while it does not yield. */
  readonly yieldsFor: YieldReason | undefined;
  /** Undefined before the first answer. */
  readonly baseMs: number | undefined;
}

export function wayStatus(way: string, { yieldsFor, baseMs }: DelayWindow): WayStatus {
  return { way, yieldsFor, baseMs };
}
