import { KIB, SECOND_MS } from '@peer-cache/core';

/** 1 Mbit/s in bytes a millisecond. */
export const MEGABIT = 125;

/** Of the office and of the agents in it; what the agents' numbers are, they have from them. */
export interface BranchSettings {
  readonly runs: number;
  readonly standing: 'foreground' | 'background';
  /** What content may use of the WAN: its rate less what frames cost. */
  readonly wanBytesPerMs: number;
  /** What is in the router's buffer for a request comes, even if that is given up. */
  readonly wanBufferMs: number;
  readonly originDelayMs: number;
  readonly lanBytesPerMs: number;
  readonly lanLatencyMs: number;
  /** On a machine that has too much to do everything is noticed late: at most so much. */
  readonly mostLateMs: number;
  /** Hello and the first answer about state. */
  readonly connectMs: number;
  readonly neighbours: number;
  /** Peers of one content that an agent remembers. */
  readonly acquaintances: number;
}

export const DEFAULT_SETTINGS: BranchSettings = {
  runs: 200,
  standing: 'foreground',
  wanBytesPerMs: 50 * MEGABIT,
  wanBufferMs: 100,
  originDelayMs: 2,
  lanBytesPerMs: 1000 * MEGABIT,
  lanLatencyMs: 0.5,
  mostLateMs: 0,
  connectMs: 8,
  neighbours: 24,
  acquaintances: 128,
};

/** What a peer does about the runs that it claims. */
export type Conduct =
  /** Fetches them. */
  | 'honest'
  /** Nothing: it claims whatever is free. */
  | 'stalls'
  /** Nothing either, but says that bytes come in. */
  | 'pretends';

export interface PeerPlan {
  readonly startsMs: number;
  /** When it is switched off; its neighbours notice at once, or only by its silence. */
  readonly ends?: { readonly atMs: number; readonly isSilent: boolean };
  /** Several peers may share a host: its address and its link to the LAN. */
  readonly host: number;
  /** Peers of two groups don't reach each other before the branch is healed. */
  readonly group: number;
  /** What it gets from the WAN at most. */
  readonly mostWanBytesPerMs: number;
  readonly conduct: Conduct;
}

/** The root of content information, which each peer fetches. */
export const ROOT_BYTES: number = 2.5 * KIB;
/** Of the content: block hash lists, which come once. */
export const HASH_LISTS_SHARE = 0.0005;

/** The first lookup of who waits at a terminal, and of who doesn't. */
export const FIRST_LOOKUP_MS: Readonly<Record<'foreground' | 'background', number>> = {
  foreground: 0.12 * SECOND_MS,
  background: 0.7 * SECOND_MS,
};
export const LOOKUP_EVERY_MS: number = 10 * SECOND_MS;
