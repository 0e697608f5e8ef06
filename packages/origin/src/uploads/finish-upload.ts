import { rm } from 'node:fs/promises';
import { digestOf, placeUpload } from './place-upload.ts';
import { UploadDigestWrongError } from './upload-errors.ts';
import type { UploadRecord } from './upload-record.ts';
import type { UploadSessions } from './upload-sessions.ts';

export interface FinishParts {
  readonly sessions: UploadSessions;
  readonly uploadsFolder: string;
  readonly overwrite: boolean;
}

/**
 * What has all its bytes is compared with what its sender says of it, and gets its name. After a
 * crash in the middle the same call carries on. `host` is how its sender reached us.
 *
 * @throws {UploadDigestWrongError} after which nothing of it is left
 * @throws {UploadNameTakenError | UploadNameRefusedError}
 */
export async function finishUpload(
  { sessions, uploadsFolder, overwrite }: FinishParts,
  record: UploadRecord,
  host: string,
): Promise<UploadRecord> {
  if (record.state === 'placed') return record;
  const { id, name } = record;
  const dataPath = sessions.dataPath(id);
  await using handle = await sessions.openData(id);
  const digest = await digestOf(handle);
  if ((record.digest ?? digest) !== digest) {
    await sessions.remove(id);
    throw new UploadDigestWrongError();
  }
  await placeUpload({ dataPath, uploadsFolder, name, overwrite });
  const placed = { ...record, state: 'placed', digest, host } as const;
  await sessions.save(placed);
  // One of its two names; a crash before leaves it to the next start.
  await rm(dataPath, { force: true });
  return placed;
}
