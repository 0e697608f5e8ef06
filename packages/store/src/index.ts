export type {
  BlockStore,
  BlockToStore,
  SealedRun,
  SegmentCheck,
  SegmentDescription,
  SegmentFacts,
  StoredSegment,
  StoreEvents,
  StoreLimits,
  StoreUsage,
} from './block-store.ts';
export { StoreFullError, StoreInUseError, StoreUnwritableError } from './errors.ts';
export { openFileBlockStore } from './file-block-store.ts';
export type { FileBlockStoreOptions, FileBlockStoreParts } from './file-block-store.ts';
export { createMemoryBlockStore } from './memory-block-store.ts';
export type { MemoryBlockStoreOptions, MemoryBlockStoreParts } from './memory-block-store.ts';
export { WrappedSegment, WrappedStore } from './wrapped-store.ts';
