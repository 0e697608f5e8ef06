/** What eviction looks at. */
export interface Evictable {
  readonly storedBytes: number;
  readonly lastUsedMs: number;
  /** How many hold it open. */
  readonly holders: number;
  readonly isPinned: boolean;
}

/** Whether an entry may go: nobody holds it open and nobody pinned it. */
export function isEvictable({ holders, isPinned }: Evictable): boolean {
  return holders === 0 && !isPinned;
}

/**
 * What goes so that `neededBytes` come free, of entries in the order of their last use, oldest
 * first. Undefined when all that may go isn't enough: then nothing should go in vain.
 */
export function victims<T extends Evictable>(
  oldestFirst: Iterable<T>,
  neededBytes: number,
): T[] | undefined {
  const going: T[] = [];
  let freedBytes = 0;
  for (const entry of oldestFirst) {
    if (freedBytes >= neededBytes) break;
    if (!isEvictable(entry)) continue;
    going.push(entry);
    freedBytes += entry.storedBytes;
  }
  return freedBytes >= neededBytes ? going : undefined;
}

/** What was not used since `beforeMs` and may go, of entries in the order of their last use. */
export function agedOut<T extends Evictable>(oldestFirst: Iterable<T>, beforeMs: number): T[] {
  const going: T[] = [];
  for (const entry of oldestFirst) {
    if (entry.lastUsedMs >= beforeMs) break;
    if (isEvictable(entry)) going.push(entry);
  }
  return going;
}
