import type { OpenRun } from './runs.ts';

interface Free {
  readonly leftBlocks: number;
  readonly sinceMs: number;
}

/**
 * Since when runs are left alone: nobody who is seen claims them, and nobody who is not seen brings
 * blocks of them.
 */
export class FreeSince {
  #runs: ReadonlyMap<number, Free> = new Map();

  /** These are free now, and no others. */
  look(free: readonly OpenRun[], nowMs: number): void {
    this.#runs = new Map(
      free.map(({ number, leftBlocks }) => {
        const known = this.#runs.get(number);
        const isSame = known?.leftBlocks === leftBlocks;
        return [number, isSame ? known : { leftBlocks, sinceMs: nowMs }];
      }),
    );
  }

  /** 0 for one that is not free. */
  ms(runNumber: number, nowMs: number): number {
    const free = this.#runs.get(runNumber);
    return free === undefined ? 0 : nowMs - free.sinceMs;
  }
}
