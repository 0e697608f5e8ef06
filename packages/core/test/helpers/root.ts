import { encodeCbor } from '../../src/index.ts';

/** Any value where a root should stand, behind a header that fits it. */
export function rootOf(value: unknown): Buffer {
  return withHeader(encodeCbor(value));
}

/** Any bytes where the CBOR of a root should stand, behind a header that fits them. */
export function withHeader(bytes: Uint8Array): Buffer {
  const header = Buffer.from('PCCI\0\0\0\0');
  header.writeUInt32BE(bytes.length, 4);
  return Buffer.concat([header, bytes]);
}
