import type { BytesBySource } from '@peer-cache/protocol';
import { formatBytes, formatClock, formatRate } from './format.ts';
import type { Colors } from './terminal.ts';

/** What a bar shows of a download. */
export interface BarState {
  readonly sizeBytes: number | undefined;
  readonly doneBytes: number;
  readonly bytes: BytesBySource;
  readonly bytesPerSecond: number;
}

const SOURCES = ['store', 'peers', 'origin'] as const;
/** Told apart without colours too. */
const GLYPHS = { store: '▓', peers: '█', origin: '▒' } as const;
const EMPTY = '·';
const LEAST_BAR = 8;
const MOST_BAR = 40;
const HOUR_SECONDS = 3600;

/**
 * One line, `columns` wide at most: how much is done, as a bar with a part for each source, how
 * fast it goes and what came from where. Colours do not count for its width.
 */
export function renderBar(state: BarState, columns: number, colors: Colors): string {
  const shown = SOURCES.filter((source) => state.bytes[source] > 0);
  const numbers = [formatRate(state.bytesPerSecond), ...timeLeft(state)];
  const legend = shown.map((source) => `${GLYPHS[source]}${source} ${amountOf(state, source)}`);
  const share = shareOf(state);
  const percent = share === undefined ? '' : `${Math.floor(share * 100)}%`.padStart(4);
  const texts = [percent, ...numbers, ...legend].filter((text) => text !== '');
  const room = columns - texts.join(' ').length;
  const width = Math.min(room - 1, MOST_BAR);
  const hasBar = share !== undefined && width >= LEAST_BAR;
  const coloured = shown.map((source, index) => paint(colors, source)(legend[index] ?? ''));
  const bar = hasBar ? [paintedBar(state, width, colors)] : [];
  const parts = [percent, ...bar, ...numbers, ...(room >= 0 ? coloured : [])];
  return parts.filter((text) => text !== '').join(' ');
}

function amountOf({ bytes }: BarState, source: keyof BytesBySource): string {
  return formatBytes(bytes[source]);
}

function shareOf({ sizeBytes, doneBytes }: BarState): number | undefined {
  if (sizeBytes === undefined) return undefined;
  return sizeBytes === 0 ? 1 : Math.min(1, doneBytes / sizeBytes);
}

function timeLeft({ sizeBytes, doneBytes, bytesPerSecond }: BarState): string[] {
  if (sizeBytes === undefined || bytesPerSecond < 1) return [];
  const seconds = Math.ceil((sizeBytes - doneBytes) / bytesPerSecond);
  return [seconds < 100 * HOUR_SECONDS ? formatClock(seconds) : '>99 h'];
}

/** The part of each source is its share of all bytes received, within what is done. */
function paintedBar(state: BarState, width: number, colors: Colors): string {
  const { bytes } = state;
  const received = bytes.store + bytes.peers + bytes.origin;
  const done = Math.floor((shareOf(state) ?? 0) * width);
  let bar = '';
  let upTo = 0;
  let drawn = 0;
  for (const source of SOURCES) {
    upTo += bytes[source];
    const end = received === 0 ? 0 : Math.round((upTo / received) * done);
    bar += paint(colors, source)(GLYPHS[source].repeat(end - drawn));
    drawn = end;
  }
  return bar + colors.dim(EMPTY.repeat(width - drawn));
}

function paint(colors: Colors, source: keyof BytesBySource): (text: string) => string {
  return { store: colors.cyan, peers: colors.green, origin: colors.yellow }[source];
}
