/** One system call of the recorded program. Strings are in hex, as `strace -xx` writes them. */
export interface SystemCall {
  readonly thread: string;
  readonly name: string;
  /** Split at commas, also within arrays and structures; strings are left out of it. */
  readonly args: readonly string[];
  /** The strings in their order, still in hex; see {@link bytesOf}. */
  readonly strings: readonly string[];
  /** Undefined before it returned, and for one that never did. */
  readonly result: number | undefined;
}

/** A call is told of twice, for others come in between: what counts as done differs with the call. */
export interface CallStep {
  readonly phase: 'entered' | 'returned';
  readonly call: SystemCall;
}

const UNFINISHED = ' <unfinished ...>';

/** Reads a log of `strace -f -y -xx`, line by line, and joins the calls that others interrupted. */
export class StraceLog {
  readonly #unfinished = new Map<string, string>();

  steps(line: string): CallStep[] {
    const space = line.indexOf(' ');
    const thread = line.slice(0, space);
    const text = line.slice(space).trimStart();
    // Signals and ends of threads.
    if (text.startsWith('---') || text.startsWith('+++')) return [];
    if (text.startsWith('<... ')) return this.#resumed(thread, text);
    if (!text.endsWith(UNFINISHED)) {
      const call = parseCall(thread, text);
      return [
        { phase: 'entered', call },
        { phase: 'returned', call },
      ];
    }
    const begun = text.slice(0, -UNFINISHED.length);
    this.#unfinished.set(thread, begun);
    return [{ phase: 'entered', call: parseCall(thread, begun) }];
  }

  #resumed(thread: string, text: string): CallStep[] {
    const begun = this.#unfinished.get(thread);
    if (begun === undefined) throw new Error(`strace resumes what never began: ${shorten(text)}`);
    this.#unfinished.delete(thread);
    const rest = text.slice(text.indexOf('resumed>') + 'resumed>'.length);
    return [{ phase: 'returned', call: parseCall(thread, begun + rest) }];
  }
}

/** The bytes of a string or a path as strace writes it. */
export function bytesOf(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(String.raw`\x`, ''), 'hex');
}

function parseCall(thread: string, text: string): SystemCall {
  // In hex a string has no quote and no comma within, so that no parser is needed.
  const pieces = text.split('"');
  const plain = pieces.filter((_, index) => index % 2 === 0).join('""');
  const [, name, args = ''] = /^(\w+)\((.*?)(?:\)\s+= |$)/.exec(plain) ?? [];
  if (name === undefined || plain.includes('""...')) {
    throw new Error(`not a line of strace, or one cut short: ${shorten(text)}`);
  }
  const [, result] = /\)\s+= (-?\d+)/.exec(plain) ?? [];
  return {
    thread,
    name,
    args: args.split(', '),
    strings: pieces.filter((_, index) => index % 2 === 1),
    result: result === undefined ? undefined : Number(result),
  };
}

function shorten(text: string): string {
  return text.slice(0, 200);
}
