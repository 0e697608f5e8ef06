const MOST_WAYS = 64;

/** What is learnt of each way (`host:port`): of so many, the one that was met first goes first. */
export class Ways<T> extends Map<string, T> {
  readonly #make: () => T;

  constructor(make: () => T) {
    super();
    this.#make = make;
  }

  /** Of a way that may be new. */
  of(way: string): T {
    const known = this.get(way);
    if (known !== undefined) return known;
    const [oldest] = this.keys();
    if (this.size >= MOST_WAYS && oldest !== undefined) this.delete(oldest);
    const made = this.#make();
    this.set(way, made);
    return made;
  }
}
