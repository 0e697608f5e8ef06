/** From the first bytes of the background until what it does alone is measured. */
export const RAMP_SECONDS = 5;
/** Between two phases, for queues to drain and for the background to have the link again. */
export const PAUSE_SECONDS = 3;
/** How long the background may take to be back. */
export const BACK_SECONDS = 10;

/** How long a person's download lasts, where a phase lasts `seconds`. */
export function foregroundSeconds(seconds: number): number {
  return 1.2 * seconds;
}

/** How long two jobs of one priority are compared. */
export function comparedSeconds(seconds: number): number {
  return 1.5 * seconds;
}

/** Most that a background download transfers at a stretch, all phases together. */
export function jobSeconds(seconds: number): number {
  const measured = 2 * seconds + foregroundSeconds(seconds);
  return RAMP_SECONDS + measured + 2 * PAUSE_SECONDS + BACK_SECONDS;
}
