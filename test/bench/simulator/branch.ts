import { seededRandom } from '../../helpers/power-cut/seeded-random.ts';
import { bitsOf } from './block-bits.ts';
import type { RunBits } from './block-bits.ts';
import { SimulatedContent } from './content.ts';
import { Lan, LanLink } from './lan.ts';
import { LOOKUP_EVERY_MS } from './settings.ts';
import type { BranchSettings, PeerPlan } from './settings.ts';
import { SimulatedPeer } from './simulated-peer.ts';
import { VirtualTime } from './virtual-time.ts';
import { Wan } from './wan.ts';

/** A lookup's answers: after these, with jitter by how many there may be. */
const LEAST_ANSWER_MS = 5;
const JITTER_PER_PEER_MS = 0.5;
const MOST_JITTER_MS = 55;
const MOST_ANSWERS = 256;

export interface BranchParts {
  readonly seed: number;
  readonly settings: BranchSettings;
  readonly plans: readonly PeerPlan[];
  /** When groups begin to reach each other. */
  readonly healsMs: number;
  /** How many of the links between two peers are missing, in one direction. */
  readonly missingLinks: number;
}

/** What happened, over all peers: claims by their kind, claims given up, and blocks that came twice. */
export interface Counts {
  own: number;
  stolen: number;
  takeover: number;
  yields: number;
  duplicates: number;
}

/** The office: its line, its LAN and its agents. */
export class Branch {
  readonly settings: BranchSettings;
  readonly time: VirtualTime = new VirtualTime();
  readonly random: () => number;
  readonly content: SimulatedContent;
  readonly wan: Wan;
  readonly lan: Lan;
  readonly peers: readonly SimulatedPeer[];
  readonly counts: Counts = { own: 0, stolen: 0, takeover: 0, yields: 0, duplicates: 0 };
  readonly #parts: BranchParts;
  /** What somebody fetched; with groups, for each of them. */
  readonly #fetched = new Map<number, RunBits>();
  readonly #missing = new Map<SimulatedPeer, Set<SimulatedPeer>>();
  /** Blocks that came more than once because nobody who had them could be reached. */
  unavoidableBlocks = 0;
  #waitedFor: number;

  constructor(parts: BranchParts) {
    const { seed, settings, plans } = parts;
    this.#parts = parts;
    this.settings = settings;
    this.random = seededRandom(seed);
    this.content = new SimulatedContent(seed, settings.runs);
    this.wan = new Wan(this.time, {
      bytesPerMs: settings.wanBytesPerMs,
      bufferMs: settings.wanBufferMs,
    });
    this.lan = new Lan(this.time, {
      bytesPerMs: settings.lanBytesPerMs,
      latencyMs: settings.lanLatencyMs,
    });
    const hosts = new Map<number, LanLink>();
    this.peers = plans.map((plan, index) => {
      const host = hosts.get(plan.host) ?? new LanLink();
      hosts.set(plan.host, host);
      return new SimulatedPeer(this, index, plan, host);
    });
    for (const peer of this.peers) {
      const unreachable = this.peers.filter(() => this.random() < parts.missingLinks);
      this.#missing.set(peer, new Set(unreachable));
    }
    this.#waitedFor = this.peers.filter(({ isHonest }) => isHonest).length;
  }

  /** Until everybody who can has all of it, or `mostMs`. */
  run(mostMs: number): void {
    for (const peer of this.peers) this.time.at(peer.plan.startsMs, () => peer.start());
    const { healsMs } = this.#parts;
    if (healsMs > 0) this.time.at(healsMs, () => this.#heal());
    this.time.run(() => this.#waitedFor === 0, mostMs);
  }

  /** How late something is noticed this time. */
  lateMs(): number {
    const { mostLateMs } = this.settings;
    return mostLateMs === 0 ? 0 : this.random() * mostLateMs;
  }

  /** Whether one can call the other. */
  reaches(from: SimulatedPeer, to: SimulatedPeer): boolean {
    if (this.#missing.get(from)?.has(to)) return false;
    return from.plan.group === to.plan.group || this.time.nowMs >= this.#parts.healsMs;
  }

  /** A multicast question, and the answers of those that it reaches; again and again. */
  lookUp(asker: SimulatedPeer): void {
    if (!asker.isPresent || asker.blocks.isWhole) return;
    const answering = this.peers.filter((peer) => {
      return peer !== asker && peer.isPresent && this.reaches(asker, peer);
    });
    const jitterMs = Math.min(MOST_JITTER_MS, this.peers.length * JITTER_PER_PEER_MS);
    for (let count = 0; count < MOST_ANSWERS && answering.length > 0; count++) {
      const at = Math.floor(this.random() * answering.length);
      const [peer] = answering.splice(at, 1);
      if (peer === undefined) continue;
      this.time.after(LEAST_ANSWER_MS + this.random() * jitterMs, () => {
        if (asker.isPresent) asker.acquaintances.learn(peer);
      });
    }
    this.time.after(LOOKUP_EVERY_MS * (0.5 + this.random()), () => this.lookUp(asker));
  }

  /** A block came from the origin. */
  fetched(group: number, runNumber: number, bit: number): void {
    const isHealed = this.time.nowMs >= this.#parts.healsMs;
    const all = [...this.#fetched].some(([, runs]) => (bitsOf(runs, runNumber) & bit) !== 0);
    const runs = this.#fetched.get(group) ?? new Uint16Array(this.content.runCount);
    const isKnown = (bitsOf(runs, runNumber) & bit) !== 0;
    this.#fetched.set(group, runs);
    runs[runNumber] = bitsOf(runs, runNumber) | bit;
    if (isKnown || (isHealed && all)) this.counts.duplicates++;
    else if (all) this.unavoidableBlocks++;
  }

  finished(peer: SimulatedPeer): void {
    if (peer.isHonest && !(peer.doneMs !== undefined && !peer.isPresent)) this.#waitedFor--;
  }

  #heal(): void {
    for (const peer of this.peers) {
      if (!peer.isPresent) continue;
      peer.acquaintances.forgive();
    }
  }
}
