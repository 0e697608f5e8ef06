import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import {
  decodeRoot,
  describeContent,
  hashContent,
  MIB,
  publicServerSecret,
  ROOT_HEADER_BYTES,
  rootBytes,
} from '@peer-cache/core';
import type { ContentInformation } from '@peer-cache/core';
import { describe } from '@peer-cache/download';
import { OriginHttp } from '@peer-cache/transport';
import { FileUnreadableError } from './errors.ts';

/** Content information, and where it is from. */
export type Inspected =
  | {
      readonly from: 'origin' | 'sidecar' | 'computed';
      readonly target: string;
      readonly information: ContentInformation;
    }
  | { readonly from: 'plain origin'; readonly target: string; readonly facts: readonly Fact[] };

/** What a plain origin says of a content. */
export interface Fact {
  readonly name: string;
  readonly value: string;
}

const PLAIN_FACTS = ['content-length', 'content-range', 'content-type', 'etag', 'last-modified'];
const MAGIC = 'PCCI';

/** Asks the origin; no content is fetched. */
export async function describeUrl(
  url: string,
  options: { readonly signal: AbortSignal; readonly sidecarOrigins: readonly string[] },
): Promise<Inspected> {
  await using http = new OriginHttp();
  const described = await describe(http, url, options);
  if (described.kind === 'described') {
    return { from: 'origin', target: url, information: described.information };
  }
  const { body, fields } = described.response;
  body.destroy();
  const facts = PLAIN_FACTS.flatMap((name) => {
    const value = fields[name];
    return value === undefined ? [] : [{ name, value: String(value) }];
  });
  return { from: 'plain origin', target: url, facts };
}

/**
 * Reads a sidecar, or computes what `publish --public` would write of any other file.
 *
 * @throws {MalformedContentInformationError} for a damaged sidecar
 * @throws {FileUnreadableError}
 */
export async function describeFile(
  path: string,
  { signal }: { readonly signal: AbortSignal },
): Promise<Inspected> {
  const root = await readable(path, readRoot(path));
  if (root !== undefined) return { from: 'sidecar', target: path, information: decodeRoot(root) };
  const bytes = createReadStream(path, { signal, highWaterMark: MIB });
  const content = await readable(path, hashContent(bytes));
  const terms = { serverSecret: publicServerSecret(), isPublic: true, etag: '""' };
  return { from: 'computed', target: path, information: describeContent(content, terms) };
}

/** The root at the start of a file; undefined where it does not begin like one. */
async function readRoot(path: string): Promise<Uint8Array | undefined> {
  await using file = await open(path);
  const header = Buffer.alloc(ROOT_HEADER_BYTES);
  await file.read(header, 0, header.length, 0);
  if (header.toString('latin1', 0, MAGIC.length) !== MAGIC) return undefined;
  // No more than there is, whatever the header says.
  const { size } = await file.stat();
  const root = Buffer.alloc(Math.min(rootBytes(header), size));
  await file.read(root, 0, root.length, 0);
  return root;
}

async function readable<T>(path: string, reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (cause) {
    if (!(cause instanceof Error) || !('syscall' in cause)) throw cause;
    throw new FileUnreadableError(path, cause.message, { cause });
  }
}
