import { decode, encode, rfc8949EncodeOptions, Tokenizer } from 'cborg';
import type { Token } from 'cborg';

/** Room for the largest of our messages: a request for 256 runs of blocks of each of 256 segments. */
const MOST_ITEMS = 150_000;
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
 * Decodes one CBOR item that must fill `bytes` and hold at most `mostItems` others. Whoever calls
 * bounds the size of `bytes` first and checks the shape of the result after: it is a stranger's.
 *
 * @throws {Error} of any class for bytes that are not strict CBOR, so callers wrap it.
 */
export function decodeCbor(
  bytes: Uint8Array,
  { mostItems = MOST_ITEMS }: { readonly mostItems?: number } = {},
): unknown {
  return decode(bytes, { ...STRICT, tokenizer: new CountingTokenizer(bytes, mostItems) });
}

/** An empty list is one byte here and dozens in memory: sixty-fold is not what `bytes` promised. */
class CountingTokenizer extends Tokenizer {
  #itemsLeft: number;

  constructor(bytes: Uint8Array, mostItems: number) {
    // A Buffer would give views of itself for byte strings, and a small one keep a large one alive.
    super(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength), STRICT);
    this.#itemsLeft = mostItems;
  }

  override next(): Token {
    if (this.#itemsLeft === 0) throw new RangeError('too many CBOR items');
    this.#itemsLeft--;
    return super.next();
  }
}
