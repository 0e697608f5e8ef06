/** What the hosts of an office asked of a stranger, each by its address. */
export type StrangerReport = Readonly<Record<string, AskedOfStranger>>;

export interface AskedOfStranger {
  readonly hellos: number;
  readonly states: number;
  /** Requests for blocks. */
  readonly blocks: number;
  /** Of these, how many got wrong bytes under a right seal. */
  readonly lies: number;
}

const COUNTED = { hello: 'hellos', state: 'states', blocks: 'blocks', lie: 'lies' } as const;
const NOTHING: AskedOfStranger = { hellos: 0, states: 0, blocks: 0, lies: 0 };

/** Counts it. */
export class Asked {
  readonly #byHost = new Map<string, AskedOfStranger>();

  note(what: keyof typeof COUNTED, host: string): void {
    const before = this.#byHost.get(host) ?? NOTHING;
    const name = COUNTED[what];
    this.#byHost.set(host, { ...before, [name]: before[name] + 1 });
  }

  report(): StrangerReport {
    return Object.fromEntries(this.#byHost);
  }
}
