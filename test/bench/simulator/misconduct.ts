import { BLOCK_BYTES } from '@peer-cache/core';
import { RUN_BLOCKS, WINDOW_RUNS } from '@peer-cache/ownership';
import type { SimulatedPeer } from './simulated-peer.ts';

const CLAIMS = 4;
const EVERY_MS = 100;
/** One that pretends says that a block came so often. */
const TICKS_PER_BLOCK = 10;

/** Claims runs and never fetches one; what others bring, it gets and gives like everybody. */
export function misbehave(peer: SimulatedPeer): void {
  const { ownership, blocks, telling, branch, plan } = peer;
  const claimed = new Map<number, number>();
  tick(0);

  function tick(count: number): void {
    if (!peer.isPresent || blocks.isWhole) return;
    for (const runNumber of claimed.keys()) {
      if (blocks.left(runNumber) === 0) letGo(runNumber);
    }
    const free = blocks.openRuns(WINDOW_RUNS).filter(({ number }) => !claimed.has(number));
    while (claimed.size < CLAIMS && free.length > 0) {
      const [run] = free.splice(Math.floor(branch.random() * free.length), 1);
      if (run !== undefined) claim(run.number);
    }
    if (plan.conduct === 'pretends' && count % TICKS_PER_BLOCK === 0) pretend();
    branch.time.after(EVERY_MS, () => tick(count + 1));
  }

  function claim(runNumber: number): void {
    claimed.set(runNumber, 0);
    ownership.claim(runNumber, 'own', branch.time.nowMs);
    telling.claimed(runNumber);
  }

  function letGo(runNumber: number): void {
    claimed.delete(runNumber);
    ownership.release(runNumber, branch.time.nowMs);
    telling.claimed(runNumber);
  }

  function pretend(): void {
    for (const [runNumber, count] of claimed) {
      if (count >= RUN_BLOCKS) continue;
      claimed.set(runNumber, count + 1);
      ownership.received(runNumber, BLOCK_BYTES);
      telling.progressed(runNumber);
    }
  }
}
