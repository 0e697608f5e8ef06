import type { HeaderFields, OriginResponse } from '@peer-cache/transport';
import { shownUrl } from '@peer-cache/transport';
import type { UploadProtocol } from './dialect.ts';
import { UploadTooLargeError } from './errors.ts';
import { putPlainly } from './plain-put.ts';
import { ResumableUpload } from './resumable.ts';
import { MultipartUpload } from './s3-multipart.ts';
import type { UploadJourney, UploadSession } from './upload-journey.ts';
import { UploadServers } from './upload-servers.ts';
import { WayProbe } from './way-probe.ts';

export interface UploadOptions {
  /** Undefined: the server is asked. */
  readonly protocol: UploadProtocol | undefined;
  /** Of an earlier attempt, if it may go on. */
  readonly session: UploadSession | undefined;
}

/** What a server said last of a file that it has. */
export interface UploadedFile {
  readonly protocol: UploadProtocol;
  readonly fields: HeaderFields;
}

/**
 * Sends one file, whole, by the best way that the server takes; goes on where an earlier attempt
 * ended, where that can be.
 *
 * @throws {LocalFileChangedError | LocalFileUnreadableError}
 * @throws {UploadTooLargeError | UploadExistsError | UploadUnsupportedError} for good
 * @throws {PeerCacheError} of the way to the server
 */
export async function uploadFile(
  journey: UploadJourney,
  { protocol, session }: UploadOptions,
): Promise<UploadedFile> {
  await using _probe = new WayProbe(journey);
  const current = session ?? (await newSession(journey, protocol));
  const { fields } = await sentBy(journey, current);
  return { protocol: current.protocol, fields };
}

async function sentBy(journey: UploadJourney, session: UploadSession): Promise<OriginResponse> {
  const { plan } = journey;
  if (plan !== undefined) return await new MultipartUpload(journey, session, plan).run();
  if (session.protocol === 'put') return await putPlainly(journey);
  return await new ResumableUpload(journey, session).run();
}

async function newSession(
  { http, target, file, plan, signal, onSession, servers = new UploadServers() }: UploadJourney,
  wanted: UploadProtocol | undefined,
): Promise<UploadSession> {
  if (plan !== undefined) return { protocol: 's3' };
  if (wanted === 'put') return { protocol: 'put' };
  const server = await servers.at(http, target, { signal });
  const { sizeBytes } = file.state;
  if (sizeBytes > (server.mostBytes ?? Infinity)) {
    throw new UploadTooLargeError(shownUrl(target), sizeBytes, server.mostBytes);
  }
  const { protocol } = server;
  // What it says of checksums holds for the way that it takes by itself.
  const checksum = (wanted ?? protocol) === protocol ? server.checksum : undefined;
  const session = { protocol: wanted ?? protocol, checksum };
  await onSession(session);
  return session;
}
