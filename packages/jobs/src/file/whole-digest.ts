import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { blake3, MIB } from '@peer-cache/core';

export const DIGEST_NAMES = ['blake3', 'sha256', 'sha384', 'sha512'] as const;

/** A digest that somebody wants a whole file to have. */
export interface WantedDigest {
  readonly name: (typeof DIGEST_NAMES)[number];
  /** In lower case. */
  readonly hex: string;
}

const PIECE_BYTES = 1 * MIB;
const HEX_DIGITS = { blake3: 64, sha256: 64, sha384: 96, sha512: 128 };

/** Reads `sha256:9f86…`; undefined for what is no such digest. */
export function parseDigest(text: string): WantedDigest | undefined {
  const [, prefix = '', digits = ''] = /^([a-z0-9]+):([0-9a-f]+)$/i.exec(text) ?? [];
  const name = DIGEST_NAMES.find((known) => known === prefix.toLowerCase());
  if (name === undefined || digits.length !== HEX_DIGITS[name]) return undefined;
  return { name, hex: digits.toLowerCase() };
}

/** The digest of a whole file, in lower-case hexadecimal. */
export async function digestOfFile(
  file: FileHandle,
  name: WantedDigest['name'],
  { signal }: { signal: AbortSignal },
): Promise<string> {
  const hasher = name === 'blake3' ? blake3.createStream() : createHash(name);
  const piece = Buffer.allocUnsafe(PIECE_BYTES);
  for (let at = 0; ;) {
    signal.throwIfAborted();
    const { bytesRead } = await file.read(piece, 0, piece.length, at);
    if (bytesRead === 0) return Buffer.from(hasher.digest()).toString('hex');
    hasher.update(piece.subarray(0, bytesRead));
    at += bytesRead;
  }
}
