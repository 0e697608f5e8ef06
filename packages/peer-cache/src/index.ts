// The usual whole.
export { openDownloader } from './open-downloader.ts';
export type { OpenDownloader, OpenDownloaderOptions } from './open-downloader.ts';

// The parts it is made of, for those who make another.
export { openExchange } from '@peer-cache/agent';
export type { Exchange, ExchangeOptions, ExchangeParts } from '@peer-cache/agent';
export { decodeRoot, describeContent, encodeRoot, hashContent } from '@peer-cache/core';
export { PeerCacheError, segmentKeysOf, silentLog } from '@peer-cache/core';
export type { ContentInformation, HashedContent, Log } from '@peer-cache/core';
export {
  mergeFinders,
  openFixedFinder,
  openMdnsFinder,
  watchSharingInterfaces,
} from '@peer-cache/discovery';
export type { Finder, FoundPeer, PeerAddress, SegmentLookup } from '@peer-cache/discovery';
export { Downloader, Progress } from '@peer-cache/download';
export type {
  BlockSource,
  DownloaderOptions,
  DownloaderParts,
  FetchedContent,
  GetOptions,
} from '@peer-cache/download';
export { contentInformation, publishFolder, startOrigin } from '@peer-cache/origin';
export { createMemoryBlockStore, openFileBlockStore } from '@peer-cache/store';
export type { BlockStore } from '@peer-cache/store';
