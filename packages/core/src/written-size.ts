import { GIB, KIB, MIB } from './units.ts';

const SIZE = /^(\d{1,15}(?:\.\d{1,3})?) ?([kmgt]i?b|b)$/i;
const UNIT_BYTES: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1000,
  mb: 1000 ** 2,
  gb: 1000 ** 3,
  tb: 1000 ** 4,
  kib: KIB,
  mib: MIB,
  gib: GIB,
  tib: 1024 * GIB,
};

/** A number of bytes as people write it, such as `20 GiB`; undefined for anything else. Pure. */
export function parseSize(text: string): number | undefined {
  const [, number, unit = ''] = SIZE.exec(text) ?? [];
  const bytes = Math.floor(Number(number) * (UNIT_BYTES[unit.toLowerCase()] ?? Number.NaN));
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}
