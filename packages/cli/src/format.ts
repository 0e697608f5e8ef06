import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '@peer-cache/core';

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** `512 B`, `1.0 KiB`, `99.9 MiB`, `1023 MiB`: at most eight characters. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // 1023.5 and not 1024: what would be rounded to "1024 KiB" is "1.0 MiB".
  while (value >= 1023.5 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

/** Bytes per second as `98.1 MiB/s`. */
export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`;
}

/** `0.4 s`, `12 s`, `3 min 5 s`, `2 h 7 min`, `28 d`. */
export function formatDuration(ms: number): string {
  if (ms < 9.95 * SECOND_MS) return `${(ms / SECOND_MS).toFixed(1)} s`;
  if (ms < MINUTE_MS) return `${Math.floor(ms / SECOND_MS)} s`;
  if (ms < HOUR_MS) return twoUnits(ms, [MINUTE_MS, 'min'], [SECOND_MS, 's']);
  if (ms < DAY_MS) return twoUnits(ms, [HOUR_MS, 'h'], [MINUTE_MS, 'min']);
  return twoUnits(ms, [DAY_MS, 'd'], [HOUR_MS, 'h']);
}

/** `0:06`, `12:34`, `1:02:03`. */
export function formatClock(seconds: number): string {
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const rest = String(seconds % 60).padStart(2, '0');
  return hours === 0
    ? `${minutes}:${rest}`
    : `${hours}:${String(minutes).padStart(2, '0')}:${rest}`;
}

/** A share of 0 to 1 in whole percent, rounded down: what is not all is not 100 %. */
export function formatShare(share: number): string {
  return `${Math.floor(share * 100)} %`;
}

/** `1 peer`, `2 peers`. */
export function formatCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Text from elsewhere with nothing in it that a terminal would obey. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    character === '\n' ? '\n' : `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}

/** The same in one line. */
export function printableLine(text: string): string {
  return printable(text.replaceAll('\n', ' '));
}

/** Rows of cells as lines with columns of equal width, two spaces apart. */
export function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  }
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function twoUnits(ms: number, large: [number, string], small: [number, string]): string {
  const [largeMs, largeName] = large;
  const [smallMs, smallName] = small;
  const rest = Math.floor((ms % largeMs) / smallMs);
  const whole = `${Math.floor(ms / largeMs)} ${largeName}`;
  return rest === 0 ? whole : `${whole} ${rest} ${smallName}`;
}
