import { randomBytes } from 'node:crypto';
import { open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  allBlockHashListsBytes,
  blake3,
  decodeCbor,
  DIGEST_BYTES,
  digestsEqual,
  encodeCbor,
  hash,
  HOUR_MS,
  SEGMENT_BYTES,
} from '@peer-cache/core';
import type { HashedContent } from '@peer-cache/core';
import { ContentFile } from './content-file.ts';

/** Whose hashes: the file at this path, in the state that its ETag names. */
export interface HashedFile {
  readonly path: string;
  readonly etag: string;
}

/** Where the block hash lists of a content lie on disk, one after the other. */
export interface KeptLists {
  readonly path: string;
  /** ETag of the kept file: if it has another one, it holds other lists. */
  readonly etag: string;
  readonly offsetBytes: number;
}

/** Hashes read back, or kept just now. */
export interface KeptHashes {
  readonly content: HashedContent;
  readonly lists: KeptLists;
}

/** `PCKH`, u32 length of the head, head in CBOR, block hash lists, BLAKE3 of all of that. */
const MAGIC = Buffer.from('PCKH');
const HEAD_AT = 8;
const MOST_HEAD_BYTES = 16_384;
const SUFFIX = '.hashes';
const FULL_LIST_BYTES = allBlockHashListsBytes(SEGMENT_BYTES, 1);

/** Writes a content's hashes into `folder`, in the place of older ones of the same path. */
export async function keepHashes(
  folder: string,
  file: HashedFile,
  content: HashedContent,
): Promise<KeptHashes> {
  const { sizeBytes: size, digest, blockHashLists } = content;
  const head = encodeCbor({ path: file.path, etag: file.etag, size, digest });
  const parts = [MAGIC, lengthOf(head), head, ...blockHashLists];
  const path = keptPath(folder, file.path);
  const temporary = `${path}.${randomBytes(8).toString('hex')}`;
  try {
    // Not synced: what a power cut tears fails its checksum, and the content is hashed again.
    await writeFile(temporary, [...parts, checksumOf(parts)], { flag: 'wx', mode: 0o600 });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  return { content, lists: await keptLists(path, HEAD_AT + head.length) };
}

/** The hashes that `folder` holds of this state of the file; undefined if none, or damaged. */
export async function recallHashes(
  folder: string,
  file: HashedFile,
): Promise<KeptHashes | undefined> {
  const path = keptPath(folder, file.path);
  const bytes = await readFile(path).catch(unlessMissing);
  if (bytes === undefined) return undefined;
  const body = bytes.subarray(0, -DIGEST_BYTES);
  const isWhole = body.length >= HEAD_AT && digestsEqual(hash(body), bytes.subarray(body.length));
  const head = isWhole ? decodeHead(body) : undefined;
  if (head?.path !== file.path || head.etag !== file.etag) return undefined;
  const { sizeBytes, digest, offsetBytes } = head;
  const blockHashLists = splitLists(body.subarray(offsetBytes));
  const content = { sizeBytes, digest, blockHashLists, inline: undefined };
  return { content, lists: await keptLists(path, offsetBytes) };
}

/** Removes the hashes of files that are no more, and what interrupted writes left behind. */
export async function pruneHashes(folder: string, signal: AbortSignal): Promise<void> {
  for (const name of await readdir(folder)) {
    signal.throwIfAborted();
    const path = join(folder, name);
    const isStale = name.endsWith(SUFFIX) ? await isOfNoFile(path) : await isOld(path);
    if (isStale) await rm(path, { force: true });
  }
}

interface Head extends HashedFile {
  readonly sizeBytes: number;
  readonly digest: Uint8Array;
  /** Where the lists begin. */
  readonly offsetBytes: number;
}

function decodeHead(bytes: Buffer): Head | undefined {
  if (bytes.length < HEAD_AT || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  const offsetBytes = HEAD_AT + bytes.readUInt32BE(MAGIC.length);
  if (bytes.length < offsetBytes) return undefined;
  const head = decoded(bytes.subarray(HEAD_AT, offsetBytes));
  if (typeof head !== 'object' || head === null) return undefined;
  if (!('path' in head && 'etag' in head && 'size' in head && 'digest' in head)) return undefined;
  const { path, etag, size: sizeBytes, digest } = head;
  const isRight =
    typeof path === 'string' &&
    typeof etag === 'string' &&
    typeof sizeBytes === 'number' &&
    digest instanceof Uint8Array;
  return isRight ? { path, etag, sizeBytes, digest, offsetBytes } : undefined;
}

function decoded(bytes: Uint8Array): unknown {
  try {
    return decodeCbor(bytes);
  } catch {
    // Damaged, or of another version of ours: either way the file is hashed again.
    return undefined;
  }
}

async function isOfNoFile(path: string): Promise<boolean> {
  const head = decodeHead(await readHead(path));
  return head === undefined || (await stat(head.path).catch(unlessMissing)) === undefined;
}

async function isOld(path: string): Promise<boolean> {
  const stats = await stat(path).catch(unlessMissing);
  return stats !== undefined && Date.now() - stats.mtimeMs > HOUR_MS;
}

async function readHead(path: string): Promise<Buffer> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(MOST_HEAD_BYTES), { position: 0 });
  return buffer.subarray(0, bytesRead);
}

async function keptLists(path: string, offsetBytes: number): Promise<KeptLists> {
  await using file = await ContentFile.open(path);
  if (file === undefined) throw new Error(`${path} is no plain file`);
  return { path, etag: file.etag, offsetBytes };
}

function splitLists(bytes: Uint8Array): Uint8Array[] {
  const lists: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += FULL_LIST_BYTES) {
    lists.push(bytes.subarray(at, at + FULL_LIST_BYTES));
  }
  return lists;
}

function checksumOf(parts: readonly Uint8Array[]): Uint8Array {
  const stream = blake3.createStream();
  for (const part of parts) stream.update(part);
  return stream.digest();
}

function lengthOf(bytes: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return length;
}

function keptPath(folder: string, path: string): string {
  return join(folder, `${Buffer.from(hash(Buffer.from(path))).toString('hex')}${SUFFIX}`);
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
}
