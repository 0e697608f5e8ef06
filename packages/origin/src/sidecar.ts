import { randomBytes } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  allBlockHashListsBytes,
  decodeRoot,
  encodeRoot,
  MalformedContentInformationError,
  ROOT_HEADER_BYTES,
  rootBytes,
} from '@peer-cache/core';
import type { ContentInformation } from '@peer-cache/core';
import { ContentFile } from './content-file.ts';
import { temporaryName } from './sidecar-name.ts';

/** A file that begins as content information does. */
export interface Sidecar {
  readonly sizeBytes: number;
  /** Undefined where it is cut off or of another version: ours, but of no use. */
  readonly information: ContentInformation | undefined;
  /** When anything last happened to the file, in nanoseconds since 1970. */
  readonly changedNs: bigint;
}

const READ_RIGHTS = 0o444;
const OWNER_WRITE_RIGHT = 0o200;
const GROUP_RIGHTS = 0o070;

/** Reads the root of a sidecar; undefined when the file does not even begin like one. */
export async function readSidecar(path: string): Promise<Sidecar | undefined> {
  await using file = await ContentFile.open(path);
  if (file === undefined) return undefined;
  const { sizeBytes, stats } = file;
  const root = await readRoot(file.handle, sizeBytes);
  if (root === undefined) return undefined;
  return { sizeBytes, information: decodeWhole(root, sizeBytes), changedNs: stats.ctimeNs };
}

/**
 * Writes the sidecar `path` beside its content and moves it into place in one step. It holds read
 * keys: nobody may read it who may not read the content, whose owner, group and rights it gets.
 */
export async function writeSidecar(
  path: string,
  information: ContentInformation,
  { blockHashLists, owner }: { blockHashLists: readonly Uint8Array[]; owner: BigIntStats },
): Promise<void> {
  const root = encodeRoot(information);
  // What a client would refuse (an ETag that is none) must not be published.
  decodeRoot(root);
  const temporary = join(dirname(path), temporaryName(randomBytes(8)));
  try {
    await using file = await open(temporary, 'wx', 0o600);
    await file.writeFile([root, ...blockHashLists]);
    await giveRights(file, owner);
    await file.datasync();
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function readRoot(file: FileHandle, sizeBytes: number): Promise<Buffer | undefined> {
  const header = await readStart(file, ROOT_HEADER_BYTES);
  try {
    return await readStart(file, Math.min(rootBytes(header), sizeBytes));
  } catch (error) {
    if (error instanceof MalformedContentInformationError) return undefined;
    throw error;
  }
}

function decodeWhole(root: Buffer, sizeBytes: number): ContentInformation | undefined {
  try {
    const information = decodeRoot(root);
    const lists = allBlockHashListsBytes(information.sizeBytes, information.segments.length);
    return root.length + lists === sizeBytes ? information : undefined;
  } catch (error) {
    if (error instanceof MalformedContentInformationError) return undefined;
    throw error;
  }
}

async function readStart(file: FileHandle, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0);
  return buffer.subarray(0, bytesRead);
}

async function giveRights(file: FileHandle, { uid, gid, mode }: BigIntStats): Promise<void> {
  // Windows hands the folder's rights down by itself.
  if (process.platform === 'win32') return;
  const own = await file.stat();
  const group = Number(gid);
  // Only root may give a file away, others only to a group of theirs: then it stays as it is.
  await file
    .chown(Number(uid), group)
    .catch(() => file.chown(own.uid, group))
    .catch(() => {});
  const isSameGroup = (await file.stat()).gid === group;
  // In another group than the content's, the group's rights would be rights of other people.
  const kept = isSameGroup ? READ_RIGHTS : READ_RIGHTS & ~GROUP_RIGHTS;
  await file.chmod((Number(mode) & kept) | OWNER_WRITE_RIGHT);
}
