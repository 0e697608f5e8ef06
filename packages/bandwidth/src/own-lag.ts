const TICK_MS = 20;
/** A single late tick is forgotten by half in so many. */
const MEMORY = 4;

/**
 * How late this process comes to what it has to do: so much of a delay was not spent on the way.
 * Ticks only while it is told to.
 */
export class OwnLag implements Disposable {
  #timer: NodeJS.Timeout | undefined;
  #lastMs = 0;
  #lateMs = 0;

  /** Of the last ticks, in the mean. */
  get ms(): number {
    return this.#lateMs;
  }

  watch(isOn: boolean): void {
    if (isOn === (this.#timer !== undefined)) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#lateMs = 0;
    if (!isOn) return;
    this.#lastMs = performance.now();
    this.#timer = setInterval(() => this.#tick(), TICK_MS).unref();
  }

  [Symbol.dispose](): void {
    this.watch(false);
  }

  #tick(): void {
    const nowMs = performance.now();
    // A tick that is up to 1 ms late is on time: timers are that coarse.
    const lateMs = Math.max(0, nowMs - this.#lastMs - TICK_MS - 1);
    this.#lastMs = nowMs;
    this.#lateMs += (lateMs - this.#lateMs) / MEMORY;
  }
}
