import { SEAL_BYTES } from '@peer-cache/core';
import { plainOf } from './segments.ts';
import type { MadeSegment } from './segments.ts';

/** What a store should hold, told the naive way: the reference for tests with random actions. */
export class StoreModel {
  readonly #limitBytes: number;
  readonly #held = new Map<MadeSegment, number>();
  readonly #pinned = new Set<MadeSegment>();
  /** Oldest use first. */
  #segments: ModelSegment[] = [];

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get usedBytes(): number {
    return sum(this.#segments.map((segment) => bytesOf(segment)));
  }

  get stored(): MadeSegment[] {
    return this.#segments.map(({ made }) => made);
  }

  has(made: MadeSegment): boolean {
    return this.#segments.some((segment) => segment.made === made);
  }

  hasBlock(made: MadeSegment, blockIndex: number): boolean {
    return this.#segments.some((each) => each.made === made && each.blocks.has(blockIndex));
  }

  /** Stores list and blocks; false when the store is full. */
  store(made: MadeSegment, blocks: readonly number[]): boolean {
    this.use(made);
    if (!this.has(made)) {
      if (!this.#makeRoom(made.blockHashList.length, made)) return false;
      this.#segments.push({ made, blocks: new Set() });
    }
    const fresh = blocks.filter((index) => !this.hasBlock(made, index));
    if (!this.#makeRoom(sum(fresh.map((index) => blockBytes(made, index))), made)) return false;
    for (const each of this.#segments) {
      if (each.made === made) for (const index of fresh) each.blocks.add(index);
    }
    return true;
  }

  use(made: MadeSegment): void {
    const used = this.#segments.filter((segment) => segment.made === made);
    this.#segments = [...this.#segments.filter((segment) => segment.made !== made), ...used];
  }

  pin(made: MadeSegment, isPinned: boolean): void {
    if (!isPinned) this.#pinned.delete(made);
    else if (this.has(made) || this.#isHeld(made)) this.#pinned.add(made);
  }

  hold(made: MadeSegment): void {
    this.#held.set(made, (this.#held.get(made) ?? 0) + 1);
  }

  letGo(made: MadeSegment): void {
    this.#held.set(made, (this.#held.get(made) ?? 0) - 1);
    if (!this.has(made) && !this.#isHeld(made)) this.#pinned.delete(made);
  }

  clear(): void {
    this.#segments = this.#segments.filter((segment) => !this.#mayGo(segment));
  }

  #makeRoom(bytes: number, forSegment: MadeSegment): boolean {
    const left = [...this.#segments];
    if (bytes === 0) return true;
    while (sum(left.map((each) => bytesOf(each))) + bytes > this.#limitBytes) {
      const place = left.findIndex((each) => each.made !== forSegment && this.#mayGo(each));
      if (place === -1) return false;
      left.splice(place, 1);
    }
    this.#segments = left;
    return true;
  }

  #mayGo({ made }: ModelSegment): boolean {
    return !this.#pinned.has(made) && !this.#isHeld(made);
  }

  #isHeld(made: MadeSegment): boolean {
    return (this.#held.get(made) ?? 0) > 0;
  }
}

interface ModelSegment {
  readonly made: MadeSegment;
  readonly blocks: Set<number>;
}

function bytesOf({ made, blocks }: ModelSegment): number {
  return made.blockHashList.length + sum(Array.from(blocks, (index) => blockBytes(made, index)));
}

function blockBytes(made: MadeSegment, blockIndex: number): number {
  return plainOf(made, blockIndex).length + SEAL_BYTES;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
