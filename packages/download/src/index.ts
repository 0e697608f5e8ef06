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
export { fileError } from './file-error.ts';
export { openFileWriter } from './file-writer.ts';
export type { FileWriter } from './file-writer.ts';
export { NOTHING_KEPT } from './kept-blocks.ts';
export type { ContentVersion, KeptBlocks } from './kept-blocks.ts';
export { OriginHttp } from './origin-http.ts';
export type { OriginHttpOptions } from './origin-http.ts';
export type { Peer } from './peer-pool.ts';
export { Progress } from './progress.ts';
export { shownUrl } from './shown-url.ts';
export type { BytesBySource, DownloadEvents, OriginAnswer } from './progress.ts';
export type { ContentSink } from './sink.ts';
export { ALWAYS } from './turn.ts';
export type { Turn, TurnUse } from './turn.ts';
export { proxyUrl } from './proxy-choice.ts';
export type { ProxyEnvironment } from './proxy-choice.ts';
export type { Transport } from './transport.ts';
export { checkAuthorities, checkClientCertificate } from './transport-tls.ts';
export type { WantedRange } from './wanted-bytes.ts';
