import type { Turn } from '@peer-cache/bandwidth';
import type { OriginHttp } from '@peer-cache/transport';
import type { ChecksumName } from './detect.ts';
import type { UploadProtocol } from './dialect.ts';
import type { LocalFile } from './local-file.ts';
import type { UploadProgress } from './upload-progress.ts';

/** An upload as the server knows it: with this it can go on after a restart. */
export interface UploadSession {
  readonly protocol: UploadProtocol;
  /** Where its bytes go; undefined until the server made a place for them. */
  readonly url?: string | undefined;
  readonly checksum?: ChecksumName | undefined;
}

/** One file on its way to a server. */
export interface UploadJourney {
  readonly http: OriginHttp;
  readonly file: LocalFile;
  /** Where the server takes uploads, or, for a plain PUT, the file's own URL. */
  readonly target: string;
  /** That the server may give the file. */
  readonly name: string;
  readonly progress: UploadProgress;
  readonly turn: Turn;
  /** Keeps it where no crash takes it away, before anything is sent. */
  readonly onSession: (session: UploadSession) => Promise<void> | void;
  readonly signal: AbortSignal;
  readonly leave: AbortSignal;
}
