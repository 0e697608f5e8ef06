export type {
  BlockSource,
  ContentSegment,
  FetchedBlock,
  SegmentRun,
  SourceKind,
} from './block-source.ts';
export { Content } from './content.ts';
export { describe } from './describe.ts';
export type { DescribedContent, PlainContent } from './describe.ts';
export { Downloader } from './downloader.ts';
export type { DownloaderOptions, DownloaderParts } from './downloader.ts';
export * from './errors.ts';
export type { FetchedContent, FetchOptions, GetOptions } from './fetch-options.ts';
export type { FetchPace } from './limited.ts';
export { fileError, withFileErrors } from './sinks/file-error.ts';
export { openFileWriter } from './sinks/file-writer.ts';
export type { FileWriter } from './sinks/file-writer.ts';
export { NOTHING_KEPT } from './sinks/kept-blocks.ts';
export type { ContentVersion, KeptBlocks } from './sinks/kept-blocks.ts';
export type { Peer } from './peers/peer-pool.ts';
export { Progress } from './progress.ts';
export type { BytesBySource, DownloadEvents, OriginAnswer } from './progress.ts';
export type { ContentSink } from './sinks/sink.ts';
export type { WantedRange } from './wanted-bytes.ts';
