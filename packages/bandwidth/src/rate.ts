import { GIB, KIB, MIB } from '@peer-cache/core';

const RATE = /^(\d{1,6}(?:\.\d{1,3})?) ?(([kKMG]i?)?B|[kKMG]?bit)\/s$/;
const PREFIXES: Readonly<Record<string, number>> = {
  '': 1,
  k: 1000,
  m: 1000 ** 2,
  g: 1000 ** 3,
  ki: KIB,
  mi: MIB,
  gi: GIB,
};
const BITS_PER_BYTE = 8;
/** Bytes per second. A slower rate would only look like one that is blocked. */
export const LEAST_RATE = 1000;

/** Completes "expected …" for a rate of {@link parseRate} that is not 0. */
export const EXPECTED_RATE = 'a rate from 1 kB/s such as "2 MiB/s", "500 kB/s" or "20 Mbit/s"';

/**
 * Bytes per second of text such as `2 MiB/s`, `500 kB/s` or `20 Mbit/s`, or of `0`; undefined for
 * anything else. Bits are written out: whether `Mb` means bits or bytes is anybody's guess.
 */
export function parseRate(text: string): number | undefined {
  if (text === '0') return 0;
  const [, number, unit = ''] = RATE.exec(text) ?? [];
  if (number === undefined) return undefined;
  const isBits = unit.endsWith('bit');
  const prefix = unit.slice(0, isBits ? -'bit'.length : -'B'.length).toLowerCase();
  const bytes = (Number(number) * (PREFIXES[prefix] ?? 0)) / (isBits ? BITS_PER_BYTE : 1);
  const rate = Math.floor(bytes);
  return isRate(rate) ? rate : undefined;
}

/** Whether a number is one of bytes per second that something may be limited to. */
export function isRate(bytesPerSecond: number): boolean {
  const isCount = Number.isSafeInteger(bytesPerSecond);
  return isCount && (bytesPerSecond === 0 || bytesPerSecond >= LEAST_RATE);
}

/** A rate for people: `1 MiB/s`, `488.3 KiB/s`. */
export function shownRate(bytesPerSecond: number): string {
  const units = [
    [GIB, 'GiB/s'],
    [MIB, 'MiB/s'],
    [KIB, 'KiB/s'],
  ] as const;
  const [size, unit] = units.find(([bytes]) => bytesPerSecond >= bytes) ?? [1, 'B/s'];
  return `${Math.round((10 * bytesPerSecond) / size) / 10} ${unit}`;
}
