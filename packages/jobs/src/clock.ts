/** The time as the queue sees it. */
export interface Clock {
  /** Milliseconds since 1970, for people; may jump. */
  wallMs(): number;
  /** Milliseconds since some start, for everything that is measured; never jumps. */
  uptimeMs(): number;
  /** Calls `work` every so often until disposed; keeps no process alive. */
  every(intervalMs: number, work: () => void): Disposable;
}

/** The clocks of this machine. */
export const SYSTEM_CLOCK: Clock = {
  wallMs: () => Date.now(),
  uptimeMs: () => performance.now(),
  every(intervalMs, work) {
    const timer = setInterval(work, intervalMs).unref();
    return { [Symbol.dispose]: () => clearInterval(timer) };
  },
};
