import { BLOCK_BYTES, MIB } from '@peer-cache/core';
import { Branch } from './branch.ts';
import type { Counts } from './branch.ts';
import { branchOf, idealMsOf } from './scenario.ts';
import type { ScenarioName } from './scenario.ts';
import { DEFAULT_SETTINGS, HASH_LISTS_SHARE, ROOT_BYTES } from './settings.ts';
import type { BranchSettings } from './settings.ts';
import type { SimulatedPeer } from './simulated-peer.ts';

/** Whoever is not done by then never will be. */
const MOST_TIMES_IDEAL = 8;
const MORE_MS = 60_000;

export interface SimulationOptions {
  readonly scenario: ScenarioName;
  readonly peers: number;
  readonly seed: number;
  readonly settings?: Partial<BranchSettings>;
}

export interface Outcome {
  /** Bytes over the WAN by bytes of the content. */
  readonly copies: number;
  /** Those that could not be avoided: one, and what two groups fetched that could not meet. */
  readonly leastCopies: number;
  /** With content information. */
  readonly allIn: number;
  /** When the last of those that were there from the start had all, by the time of the line alone. */
  readonly time: number;
  /** The last by the median of those. */
  readonly spread: number;
  /** The longest that a late one took, by the time of the line alone. */
  readonly late: number;
  /** Answers about state that a peer gave. */
  readonly messagesPerSecond: number;
  readonly counts: Counts;
  readonly wastedShare: number;
  /** Honest ones that live and never had all of it. */
  readonly unfinished: number;
}

/** Runs a scenario to its end, always the same for a seed. */
export function simulate({ scenario, peers, seed, settings }: SimulationOptions): Outcome {
  const all = { ...DEFAULT_SETTINGS, ...settings };
  const branch = new Branch(branchOf(scenario, { peers, seed, settings: all }));
  const idealMs = idealMsOf(all);
  branch.run(MOST_TIMES_IDEAL * idealMs + MORE_MS);
  return outcomeOf(branch, idealMs);
}

function outcomeOf(branch: Branch, idealMs: number): Outcome {
  const firstMs = Math.min(...branch.peers.map(({ plan }) => plan.startsMs));
  const { peers, wan, settings, counts } = branch;
  const contentBytes = settings.runs * MIB;
  const lasting = peers.filter(({ isHonest, plan }) => isHonest && plan.ends === undefined);
  const late = lasting.filter(({ plan }) => plan.startsMs >= firstMs + 0.3 * idealMs);
  const early = lasting.filter((peer) => !late.includes(peer));
  const doneMs = early.map(({ doneMs: at = Infinity }) => at - firstMs).toSorted((a, b) => a - b);
  const lastMs = doneMs.at(-1) ?? Infinity;
  const copies = wan.carriedBytes / contentBytes;
  const messages = peers.reduce((sum, { telling }) => sum + telling.sent, 0);
  const rootBytes = ROOT_BYTES * peers.length;
  return {
    copies,
    leastCopies: 1 + (branch.unavoidableBlocks * BLOCK_BYTES) / contentBytes,
    allIn: copies + HASH_LISTS_SHARE + rootBytes / contentBytes,
    time: lastMs / idealMs,
    spread: lastMs / (doneMs[doneMs.length >> 1] ?? Infinity),
    late: Math.max(0, ...late.map((peer) => tookMs(peer))) / idealMs,
    messagesPerSecond: (messages / peers.length / branch.time.nowMs) * 1000,
    counts,
    wastedShare: wan.wastedBytes / contentBytes,
    unfinished: lasting.filter((peer) => peer.doneMs === undefined).length,
  };
}

function tookMs({ doneMs = Infinity, plan }: SimulatedPeer): number {
  return doneMs - plan.startsMs;
}
