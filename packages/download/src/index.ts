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
export type {
  DownloaderOptions,
  DownloaderParts,
  FetchedContent,
  GetOptions,
} from './downloader.ts';
export * from './errors.ts';
export { OriginHttp } from './origin-http.ts';
export type { Peer } from './peer-pool.ts';
export { Progress } from './progress.ts';
export { shownUrl } from './shown-url.ts';
export type { BytesBySource, DownloadEvents } from './progress.ts';
