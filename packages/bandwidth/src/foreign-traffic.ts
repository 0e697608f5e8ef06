import type { Capacity } from './capacity.ts';
import type { Round } from './round.ts';
import { LEAST_PIECE_BYTES } from './window-size.ts';

/** Less than this of what the link can do, with the window full: somebody else has the rest. */
const SHARE = 0.9;
const SHARE_ROUNDS = 3;
/** One round may be late because this process was, or the server. */
const DELAY_ROUNDS = 2;
/** A window is full that comes so near to what fills the link. */
const NEARLY = 0.95;

/** What one round shows. Times in ms, rates in bytes per ms. */
export interface Sight {
  readonly baseMs: number;
  readonly queueMs: number;
  readonly targetMs: number;
  readonly windowBytes: number;
  readonly round: Pick<Round, 'mostBytes' | 'isLimited'>;
  readonly rate: number;
  /** Whether the rate is that of a window which has filled the link. */
  readonly isTelling: boolean;
  readonly capacity: Pick<Capacity, 'bytesPerMs' | 'isHearsay'>;
}

/** How others that use the same link are recognised, round by round. */
export class ForeignTraffic {
  #leastRounds = 0;
  #delayRounds = 0;
  #shareRounds = 0;

  /** What they are known by: delay that is not our own, or a share that is missing. */
  judge(sight: Sight): 'delay' | 'share' | undefined {
    this.#leastRounds = isQueueOfOthers(sight) ? this.#leastRounds + 1 : 0;
    this.#delayRounds = isUnexplained(sight) ? this.#delayRounds + 1 : 0;
    this.#shareRounds = isShareMissing(sight) ? this.#shareRounds + 1 : 0;
    if (this.#leastRounds >= DELAY_ROUNDS || this.#delayRounds >= DELAY_ROUNDS) return 'delay';
    return this.#shareRounds >= SHARE_ROUNDS ? 'share' : undefined;
  }

  forget(): void {
    this.#leastRounds = 0;
    this.#delayRounds = 0;
    this.#shareRounds = 0;
  }
}

/** There is a queue although next to nothing is asked for. */
function isQueueOfOthers({ windowBytes, queueMs, targetMs }: Sight): boolean {
  return windowBytes <= LEAST_PIECE_BYTES && queueMs > targetMs;
}

/** The queue is longer than all that was under way can make it. */
function isUnexplained({ queueMs, round, baseMs, targetMs, capacity }: Sight): boolean {
  if (capacity.bytesPerMs === undefined) return false;
  const ownMs = Math.max(0, round.mostBytes / capacity.bytesPerMs - baseMs);
  return queueMs > ownMs + 2 * targetMs;
}

/** The link is full, or should be, and this is not what it brings. */
function isShareMissing(sight: Sight): boolean {
  const { capacity, isTelling, rate, queueMs, targetMs } = sight;
  if (capacity.bytesPerMs === undefined || !isTelling) return false;
  const isFull = queueMs > targetMs / 2 || mustBeFull(sight, capacity.bytesPerMs);
  return isFull && rate < SHARE * capacity.bytesPerMs;
}

/** So much is under way that the link has to be full; of hearsay the origin may know nothing. */
function mustBeFull({ round, capacity, windowBytes, ...delays }: Sight, rate: number): boolean {
  if (capacity.isHearsay || !round.isLimited) return false;
  const fillingBytes = rate * (delays.baseMs + delays.targetMs / 2);
  return windowBytes >= NEARLY * fillingBytes;
}
