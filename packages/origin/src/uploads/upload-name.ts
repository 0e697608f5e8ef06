import { UploadNameRefusedError } from './upload-errors.ts';

/** What unfinished uploads are kept in, beside those that have their names: no name leads there. */
export const SESSIONS_FOLDER = '.peer-cache-uploads';
const MOST_NAME_BYTES = 1024;
/** Of ext4, XFS, APFS and NTFS. */
const MOST_PART_BYTES = 255;
const SIDECAR = '.peer-cache';
const CONTROL = /[\p{Cc}\u2028\u2029]/u;

/**
 * The parts of the path, below the folder for uploads, that an uploader asks for. Pure: what is on
 * the disk is looked at when the file gets its place.
 *
 * @throws {UploadNameRefusedError}
 */
export function partsOfName(name: string): string[] {
  if (name === '') refuse('it is missing (filename in Upload-Metadata)');
  if (Buffer.byteLength(name) > MOST_NAME_BYTES) refuse(`more than ${MOST_NAME_BYTES} bytes`);
  if (!name.isWellFormed() || name.includes('\uFFFD')) refuse('it is no UTF-8');
  if (CONTROL.test(name)) refuse('it has control characters');
  if (name.includes('\\')) refuse('it has a backslash');
  const parts = name.split('/');
  for (const part of parts) {
    if (part === '') refuse('it has an empty part, or begins or ends with a slash');
    if (part === '.' || part === '..') refuse('it leads out of its folder');
    if (Buffer.byteLength(part) > MOST_PART_BYTES) {
      refuse(`a part has more than ${MOST_PART_BYTES} bytes`);
    }
  }
  // Beside a served file it would speak for it.
  if (name.toLowerCase().endsWith(SIDECAR)) refuse('it is that of content information');
  // A disk may not tell capitals from others.
  if (parts[0]?.toLowerCase() === SESSIONS_FOLDER) refuse('it is the place of unfinished uploads');
  return parts;
}

function refuse(reason: string): never {
  throw new UploadNameRefusedError(reason);
}
