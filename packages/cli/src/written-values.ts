import { EXPECTED_RATE, parseRate } from '@peer-cache/bandwidth';
import { parseSize } from '@peer-cache/core';
import type { RequestedRange, UploadProtocol } from '@peer-cache/protocol';
import { InvalidArgumentError } from 'commander';

const UPLOAD_PROTOCOLS: readonly UploadProtocol[] = ['tus', 'ietf', 'put'];
const UNIT_SECONDS: Readonly<Record<string, number>> = {
  '': 1,
  s: 1,
  m: 60,
  min: 60,
  h: 3600,
  d: 86_400,
  w: 7 * 86_400,
};
const DIGEST_DIGITS: Readonly<Record<string, number>> = {
  blake3: 64,
  sha256: 64,
  sha384: 96,
  sha512: 128,
};

/** Seconds from `90s`, `10m`, `2h`, `14d`, `1w` or a plain number of seconds. */
export function parseSeconds(text: string): number {
  const [, number, unit = ''] = /^(\d{1,9}) ?([a-z]*)$/i.exec(text) ?? [];
  const unitSeconds = UNIT_SECONDS[unit.toLowerCase()];
  if (number === undefined || unitSeconds === undefined) {
    throw new InvalidArgumentError('expected a duration such as 90s, 10m, 2h or 14d.');
  }
  return Number(number) * unitSeconds;
}

/** Bytes per second from `2 MiB/s`, `500 kB/s`, `20 Mbit/s` or `0`; or `none`. */
export function parseRateLimit(text: string): number | 'none' {
  const rate = text === 'none' ? text : parseRate(text);
  if (rate === undefined) throw new InvalidArgumentError(`expected ${EXPECTED_RATE}, 0 or none.`);
  return rate;
}

/** Bytes as HTTP and curl write them, the last one included: `0-499`, `500-` to the end. */
export function parseRange(
  text: string,
  earlier: readonly RequestedRange[] = [],
): RequestedRange[] {
  const [, first, last = ''] = /^(\d{1,15})-(\d{0,15})$/.exec(text) ?? [];
  const startByte = Number(first);
  const endByte = last === '' ? undefined : Number(last) + 1;
  if (first === undefined || (endByte !== undefined && endByte <= startByte)) {
    throw new InvalidArgumentError('expected FIRST-LAST, such as 0-499, or FIRST- to the end.');
  }
  return [...earlier, endByte === undefined ? { startByte } : { startByte, endByte }];
}

/** `sha256:` (or `blake3:`, `sha384:`, `sha512:`) and as many hexadecimal digits as that has. */
export function parseDigest(text: string): string {
  const [, name = '', digits = ''] = /^([a-z\d]+):([\da-f]+)$/.exec(text.toLowerCase()) ?? [];
  const expected = DIGEST_DIGITS[name];
  if (expected === undefined) {
    const names = Object.keys(DIGEST_DIGITS).map((each) => `${each}:`);
    throw new InvalidArgumentError(`expected ${names.join(', ')} and hexadecimal digits.`);
  }
  if (digits.length !== expected) {
    throw new InvalidArgumentError(`${name} has ${expected} digits, this one ${digits.length}.`);
  }
  return `${name}:${digits}`;
}

/** A whole number of at least `least`. */
export function parseCount(least: number): (text: string) => number {
  return (text) => {
    const count = Number(text);
    if (/^\d{1,9}$/.test(text) && count >= least) return count;
    throw new InvalidArgumentError(`expected a number of at least ${least}.`);
  };
}

export function parseProtocol(text: string): UploadProtocol {
  const name = UPLOAD_PROTOCOLS.find((each) => each === text.toLowerCase());
  if (name !== undefined) return name;
  throw new InvalidArgumentError(`expected ${UPLOAD_PROTOCOLS.join(', ')}.`);
}

/** Bytes from `500 MiB`, `10 GiB` or `4096`, more than none. */
export function parseBytes(text: string): number {
  const written = text.trim();
  const bytes = parseSize(/^\d+$/.test(written) ? `${written} B` : written) ?? 0;
  if (bytes > 0) return bytes;
  throw new InvalidArgumentError('expected a size such as "500 MiB" or "10 GiB".');
}
