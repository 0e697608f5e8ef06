import type { Turn } from '@peer-cache/bandwidth';
import type { OriginHttp } from '@peer-cache/transport';
import type { ChecksumName } from './detect.ts';
import type { UploadProtocol } from './dialect.ts';
import type { LocalFile } from './local-file.ts';
import type { UploadProgress } from './upload-progress.ts';
import type { UploadServers } from './upload-servers.ts';

/** An upload as the server knows it: with this it can go on after a restart. */
export interface UploadSession {
  readonly protocol: UploadProtocol;
  /** Where its bytes go; undefined until the server made a place for them. */
  readonly url?: string | undefined;
  readonly checksum?: ChecksumName | undefined;
  /** Of `s3`: what has arrived. */
  readonly parts?: readonly { readonly index: number; readonly etag: string }[] | undefined;
  /** Of `s3`: whether the server may have been told that these are all. */
  readonly isCompleting?: boolean | undefined;
}

/** URLs, signed by somebody who may write there, for the parts of one file. */
export interface PartsPlan {
  /** Of each part but the last, which has what is left. */
  readonly partBytes: number;
  /** As many as there are parts, in their order. */
  readonly partUrls: readonly string[];
  /** Told what the parts are. */
  readonly completeUrl: string;
}

/** One file on its way to a server. */
export interface UploadJourney {
  readonly http: OriginHttp;
  readonly file: LocalFile;
  /** Where the server takes uploads, or, for a plain PUT, the file's own URL. */
  readonly target: string;
  /** That the server may give the file. */
  readonly name: string;
  /** For `s3`. */
  readonly plan?: PartsPlan | undefined;
  readonly progress: UploadProgress;
  readonly turn: Turn;
  /** Shared by files that go to the same servers; each asks for itself where it is absent. */
  readonly servers?: UploadServers | undefined;
  /** Keeps it where no crash takes it away, before anything is sent. */
  readonly onSession: (session: UploadSession) => Promise<void> | void;
  readonly signal: AbortSignal;
  readonly leave: AbortSignal;
  /** How long (ms) the server may take for what is sent, and for its answer: 2 min, unless given. */
  readonly answerMs?: number | undefined;
}
