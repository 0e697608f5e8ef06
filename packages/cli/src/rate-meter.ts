/** Long enough to read, short enough to follow what happens. */
const WINDOW_MS = 3000;

interface Sample {
  readonly atMs: number;
  readonly bytes: number;
}

/** How fast a count of bytes has grown in the last seconds. */
export class RateMeter {
  readonly #samples: Sample[] = [];

  /** Takes the count at a moment of a clock that never jumps. */
  add(atMs: number, bytes: number): void {
    const last = this.#samples.at(-1);
    // A download that begins anew counts from nothing again.
    if (last !== undefined && bytes < last.bytes) this.#samples.length = 0;
    this.#samples.push({ atMs, bytes });
    while (atMs - (this.#samples[1]?.atMs ?? atMs) > WINDOW_MS) this.#samples.shift();
  }

  get bytesPerSecond(): number {
    const [first] = this.#samples;
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.atMs === first.atMs) return 0;
    return ((last.bytes - first.bytes) / (last.atMs - first.atMs)) * 1000;
  }
}
