import type { Turn } from '@peer-cache/bandwidth';
import { asError, SECOND_MS } from '@peer-cache/core';
import type { JobKind } from '@peer-cache/protocol';
import { shownUrl } from '@peer-cache/transport';
import type { OriginHttp } from '@peer-cache/transport';
import {
  abandonUpload,
  isSameState,
  LocalFileChangedError,
  openLocalFile,
  replyOf,
  uploadFile,
} from '@peer-cache/upload';
import type { LocalFile, UploadProgress, UploadServers, UploadSession } from '@peer-cache/upload';
import { ReplyPendingError } from '../errors.ts';
import type { FileRecord } from '../records.ts';
import { nameAtServer } from '../upload-requests.ts';
import type { FileLedger } from './file-ledger.ts';

const DROP_MS = 5 * SECOND_MS;

export interface FileUploadParts {
  readonly ledger: FileLedger;
  /** Adds what the server answers with to the job's files, as one step with the changes. */
  readonly awaitReply: (url: string, changes: Partial<FileRecord>) => void;
}

export interface FileUploadOptions {
  readonly kind: JobKind;
  readonly turn: Turn;
  readonly progress: UploadProgress;
  readonly http: OriginHttp;
  readonly servers: UploadServers;
  readonly signal: AbortSignal;
  readonly leave: AbortSignal;
}

/**
 * Sends one file of a job, whole, and journals that; goes on where an earlier attempt to send the
 * same state of the file ended.
 *
 * @throws {LocalFileChangedError} after which the next attempt sends the file as it is then
 * @throws {ReplyPendingError} while the server has no answer to it yet
 * @throws {PeerCacheError} of the file or the server
 */
export async function sendFile(parts: FileUploadParts, options: FileUploadOptions): Promise<void> {
  const { ledger } = parts;
  const { progress } = options;
  const { path, version } = ledger.record;
  await using file = await openLocalFile(path);
  try {
    const known = version?.kind === 'sent' ? version : undefined;
    if (known !== undefined && !isSameState(known.local, file.state)) {
      throw new LocalFileChangedError(path);
    }
    await send(parts, options, { file, session: known?.session });
  } catch (error) {
    if (error instanceof LocalFileChangedError) await dropSent(ledger, options);
    else if (progress.doneBytes > 0) ledger.save({ doneBytes: progress.doneBytes });
    throw asError(error);
  }
}

/** What the server has of an earlier state is of no use any more. */
async function dropSent(ledger: FileLedger, { http, signal }: FileUploadOptions): Promise<void> {
  const { version, url: target } = ledger.record;
  ledger.save({ version: undefined, doneBytes: 0 });
  if (version?.kind !== 'sent') return;
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(DROP_MS)]);
    await abandonUpload(http, version.session, { target, signal: limit });
  } catch {
    // One that can't be told drops it when it expires.
  }
}

async function send(
  { ledger, awaitReply }: FileUploadParts,
  { kind, ...way }: FileUploadOptions,
  { file, session }: { readonly file: LocalFile; readonly session: UploadSession | undefined },
): Promise<void> {
  const { url: target, path, upload = {} } = ledger.record;
  const local = file.state;
  const onSession = (next: UploadSession): void => {
    ledger.save({ version: { kind: 'sent', local, session: next }, sizeBytes: local.sizeBytes });
  };
  const name = nameAtServer(path, upload);
  const journey = { ...way, file, target, name, plan: upload.s3, onSession };
  const { fields } = await uploadFile(journey, { protocol: upload.protocol, session });
  const { sizeBytes } = local;
  const done = { state: 'transferred', sizeBytes, doneBytes: sizeBytes, error: undefined } as const;
  if (kind !== 'upload-reply') return ledger.save(done);
  const reply = replyOf(fields, target);
  if (reply === 'pending') throw new ReplyPendingError(shownUrl(target));
  if (reply === 'none') ledger.save(done);
  else awaitReply(reply.url, done);
}
