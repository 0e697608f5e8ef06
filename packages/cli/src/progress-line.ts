/** What a line needs of a terminal. */
export interface LineTerminal {
  readonly columns: number;
  write(text: string): boolean;
}

const ERASE_TO_END = '\u001B[K';
const UNKNOWN_COLUMNS = 80;

/** One line of a terminal that is written over and over, and gone when disposed. */
export class ProgressLine implements Disposable {
  readonly #stream: LineTerminal;
  #isShown = false;

  constructor(stream: LineTerminal) {
    this.#stream = stream;
  }

  /** Room for text: the last column stays free, since some terminals wrap there. */
  get columns(): number {
    return (this.#stream.columns || UNKNOWN_COLUMNS) - 1;
  }

  show(line: string): void {
    this.#stream.write(`\r${line}${ERASE_TO_END}`);
    this.#isShown = true;
  }

  clear(): void {
    if (this.#isShown) this.#stream.write(`\r${ERASE_TO_END}`);
    this.#isShown = false;
  }

  [Symbol.dispose](): void {
    this.clear();
  }
}
