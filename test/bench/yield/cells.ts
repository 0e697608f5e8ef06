import type { CongestionControl } from '../../helpers/branch-office/wan-link.ts';

/** A kind of WAN. */
export interface Cell {
  readonly sender: CongestionControl;
  readonly mbit: number;
  readonly bufferMs: number;
  readonly rttMs: number;
}

export const ALL_CELLS: readonly Cell[] = (['cubic', 'bbr'] as const).flatMap((sender) =>
  [20, 50].flatMap((mbit) =>
    [50, 250].flatMap((bufferMs) => [2, 40].map((rttMs) => ({ sender, mbit, bufferMs, rttMs }))),
  ),
);

/** Each value of each dimension at least twice, in five. */
const CHOSEN = [
  'cubic-20-250-40',
  'bbr-50-50-2',
  'cubic-50-250-2',
  'bbr-20-50-40',
  'cubic-50-50-40',
];

export const CHOSEN_CELLS: readonly Cell[] = ALL_CELLS.filter((cell) =>
  CHOSEN.includes(nameOf(cell)),
);

export function nameOf({ sender, mbit, bufferMs, rttMs }: Cell): string {
  return [sender, mbit, bufferMs, rttMs].join('-');
}
