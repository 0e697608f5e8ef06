import { decode, encode, rfc8949EncodeOptions } from 'cborg';

const STRICT = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowNaN: false,
  allowInfinity: false,
  rejectDuplicateMapKeys: true,
} as const;

/** Encodes a value deterministically (RFC 8949 §4.2): the same value always gives the same bytes. */
export function encodeCbor(value: unknown): Uint8Array {
  return encode(value, rfc8949EncodeOptions);
}

/**
 * Decodes one CBOR item that must fill `bytes`. Whoever calls bounds the size of `bytes` first
 * and checks the shape of the result after: it is a stranger's.
 *
 * @throws {Error} of any class for bytes that are not strict CBOR, so callers wrap it.
 */
export function decodeCbor(bytes: Uint8Array): unknown {
  return decode(bytes, STRICT);
}
