/** Files of jobs as they cross the agent's control socket, and what befalls them. Types only. */
import type { Failure } from './failure.ts';

/** Where in the work an error arose (BG_ERROR_CONTEXT of BITS). */
export type ErrorContext =
  | 'none'
  | 'unknown'
  | 'general-queue-manager'
  | 'queue-manager-notification'
  | 'local-file'
  | 'remote-file'
  | 'general-transport'
  | 'remote-application';

/** An error that a job met. */
export interface JobError extends Failure {
  readonly context: ErrorContext;
  readonly atMs: number;
  /** Absent where no single file is to blame. */
  readonly fileIndex?: number | undefined;
  /** The file's URL without user info and query. */
  readonly url?: string | undefined;
}

/** Bytes of a content, half open; without an end: up to the content's end. */
export interface RequestedRange {
  readonly startByte: number;
  readonly endByte?: number | undefined;
}

/** How a file is sent; what is absent is found out, or as it is usual. */
export interface UploadRequest {
  /** That the server may give it: a relative path of at most 1024 characters. Absent: the file's own. */
  readonly name?: string | undefined;
  /** Absent: the server is asked. */
  readonly protocol?: UploadProtocol | undefined;
  /** Where its parts go, signed by somebody who may write there: multipart uploads of S3. */
  readonly s3?: PartsPlan | undefined;
  /** Where the answer to it goes, in a job that awaits one: absolute. Absent: `PATH.reply`. */
  readonly replyPath?: string | undefined;
}

/** Presigned URLs for the parts of one file. */
export interface PartsPlan {
  /** Of each part but the last; S3 wants 5 MiB at least. */
  readonly partBytes: number;
  /** At most 10,000, each a part's, in their order. */
  readonly partUrls: readonly string[];
  /** Told what the parts are (CompleteMultipartUpload). */
  readonly completeUrl: string;
}

/**
 * tus 1.0, resumable uploads of the IETF, a plain PUT, which can't go on where it broke off, or
 * multipart uploads of S3, which go by a plan.
 */
export type UploadProtocol = 'tus' | 'ietf' | 'put' | 's3';

/** One URL to one path, as a job is given it; in a job that sends, the path to the URL. */
export interface JobFileRequest {
  /** `http:` or `https:`, at most 2200 characters. */
  readonly url: string;
  /** Absolute; its folder must exist. */
  readonly path: string;
  /** At most 16 other URLs with the same bytes: they share the work where the content is described. */
  readonly mirrors?: readonly string[] | undefined;
  /** Only these, packed in this order. Absent: the whole content. */
  readonly ranges?: readonly RequestedRange[] | undefined;
  /** What the whole must hash to: `blake3:`, `sha256:`, `sha384:` or `sha512:` and hexadecimal digits. */
  readonly digest?: string | undefined;
  /** In a job that sends; absent for what such a job brings. */
  readonly upload?: UploadRequest | undefined;
}

export type JobFileState = 'waiting' | 'transferring' | 'failed' | 'transferred' | 'released';

export interface JobFileStatus {
  readonly index: number;
  readonly url: string;
  readonly path: string;
  readonly state: JobFileState;
  /** Of what is wanted: the sum of the ranges, where there are some. */
  readonly sizeBytes?: number | undefined;
  readonly doneBytes: number;
  readonly mirrors?: readonly string[] | undefined;
  readonly ranges?: readonly RequestedRange[] | undefined;
  readonly error?: JobError | undefined;
  /** Of the last response of the origin. */
  readonly responseHeaders?: Readonly<Record<string, string>> | undefined;
  /** BLAKE3 of the content where the origin's content information tells it. */
  readonly digest?: string | undefined;
  /** Of a file that is sent. */
  readonly upload?: UploadStatus | undefined;
}

export interface UploadStatus {
  /** That the server may give it. */
  readonly name: string;
  /** Undefined until the server was asked. */
  readonly protocol?: UploadProtocol | undefined;
}
