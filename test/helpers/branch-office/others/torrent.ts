import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';

/** A value of BitTorrent's encoding (BEP 3); keys of a dictionary must be given in order. */
type Bencoded = number | string | Buffer | { readonly [key: string]: Bencoded };

/** As programs that make torrents choose it; with 1 MiB aria2 takes 2.7 copies instead of 1.8. */
const PIECE_BYTES = 2 ** 18;
const HASH_BYTES = 20;

/** A .torrent of one file with a web seed (BEP 19) and no tracker. */
export async function makeTorrent(path: string, webSeed: string): Promise<Buffer> {
  const content = await readFile(path);
  const pieces = Buffer.alloc(Math.ceil(content.length / PIECE_BYTES) * HASH_BYTES);
  for (let at = 0, piece = 0; at < content.length; at += PIECE_BYTES, piece++) {
    const hash = createHash('sha1').update(content.subarray(at, at + PIECE_BYTES));
    hash.digest().copy(pieces, piece * HASH_BYTES);
  }
  const info = {
    length: content.length,
    name: basename(path),
    'piece length': PIECE_BYTES,
    pieces,
  };
  return bencode({ info, 'url-list': webSeed });
}

function bencode(value: Bencoded): Buffer {
  if (typeof value === 'number') return Buffer.from(`i${value}e`);
  if (typeof value === 'string') return bencode(Buffer.from(value));
  if (Buffer.isBuffer(value)) return Buffer.concat([Buffer.from(`${value.length}:`), value]);
  const entries = Object.entries(value).flatMap((entry) => entry.map(bencode));
  return Buffer.concat([Buffer.from('d'), ...entries, Buffer.from('e')]);
}
