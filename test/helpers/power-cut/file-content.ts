import type { Operation } from './operations.ts';

/** A write to a file, or a change of its size. */
export type DataOperation = Extract<Operation, { kind: 'write' | 'resize' }>;

/** Decides what the disk got of that which wasn't synced. */
export interface Chance {
  /** How many of `count` changes of a page, or of a size, the disk got: 0 to `count`. */
  readonly changesKept: (count: number) => number;
}

/** What a disk writes whole or not at all. */
const PAGE_BYTES = 4096;

/**
 * The bytes of a file after a power cut: what was synced is there, and of what wasn't each page has
 * the state after any of its changes, or none. The size is any that the file had since, whichever
 * pages got to the disk; what was never written within it is zeros.
 */
export function contentAfterCut(
  synced: readonly DataOperation[],
  unsynced: readonly DataOperation[],
  chance: Chance,
): Buffer {
  const all = [...synced, ...unsynced];
  const content = Buffer.alloc(Math.max(0, ...all.map((operation) => endOf(operation))));
  const syncedBytes = synced.reduce(
    (sizeBytes, operation) => apply(operation, content, sizeBytes),
    0,
  );
  const sizes = sizesAfter(syncedBytes, unsynced);
  const left = new Map<number, number>();
  for (const [page, count] of changesByPage(unsynced, content.length)) {
    left.set(page, chance.changesKept(count));
  }
  for (const operation of unsynced) {
    for (const page of pagesOf(operation, content.length)) {
      const changesLeft = left.get(page) ?? 0;
      if (changesLeft > 0) applyToPage(operation, content, page);
      left.set(page, changesLeft - 1);
    }
  }
  return content.subarray(0, [syncedBytes, ...sizes][chance.changesKept(sizes.length)]);
}

/** Gives the file's size after the operation. */
function apply(operation: DataOperation, content: Buffer, sizeBytes: number): number {
  if (operation.kind === 'write') content.set(operation.bytes, operation.startByte);
  else content.fill(0, operation.sizeBytes);
  return sizeAfter(operation, sizeBytes);
}

function sizesAfter(syncedBytes: number, unsynced: readonly DataOperation[]): number[] {
  const sizes: number[] = [];
  let sizeBytes = syncedBytes;
  for (const operation of unsynced) {
    const after = sizeAfter(operation, sizeBytes);
    if (after !== sizeBytes) sizes.push(after);
    sizeBytes = after;
  }
  return sizes;
}

function sizeAfter(operation: DataOperation, sizeBytes: number): number {
  return operation.kind === 'resize' ? operation.sizeBytes : Math.max(sizeBytes, endOf(operation));
}

function endOf(operation: DataOperation): number {
  return operation.kind === 'resize'
    ? operation.sizeBytes
    : operation.startByte + operation.bytes.length;
}

function changesByPage(
  operations: readonly DataOperation[],
  mostBytes: number,
): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const operation of operations) {
    for (const page of pagesOf(operation, mostBytes)) counts.set(page, (counts.get(page) ?? 0) + 1);
  }
  return counts;
}

/** The pages that an operation changes: a file made shorter loses all after its end. */
function* pagesOf(operation: DataOperation, mostBytes: number): Generator<number> {
  const isWrite = operation.kind === 'write';
  const startByte = isWrite ? operation.startByte : operation.sizeBytes;
  const endByte = isWrite ? endOf(operation) : mostBytes;
  const firstPage = Math.floor(startByte / PAGE_BYTES);
  for (let page = firstPage; page * PAGE_BYTES < endByte; page++) yield page;
}

function applyToPage(operation: DataOperation, content: Buffer, page: number): void {
  const pageStart = page * PAGE_BYTES;
  const pageEnd = pageStart + PAGE_BYTES;
  if (operation.kind === 'resize') {
    content.fill(0, Math.max(pageStart, operation.sizeBytes), Math.min(pageEnd, content.length));
    return;
  }
  const { bytes, startByte } = operation;
  const from = Math.max(pageStart - startByte, 0);
  content.set(bytes.subarray(from, Math.max(from, pageEnd - startByte)), startByte + from);
}
