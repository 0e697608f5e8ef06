/** What live lines need of a terminal. */
export interface LinesTerminal {
  readonly columns: number;
  readonly rows: number;
  write(text: string): boolean;
}

const TO_START_AND_ERASE_BELOW = '\r\u001B[J';
const UNKNOWN_COLUMNS = 80;
const UNKNOWN_ROWS = 24;

/** Lines at the end of a terminal that are drawn over and over; the last drawing stays. */
export class LiveLines {
  readonly #terminal: LinesTerminal;
  #drawn: readonly string[] = [];

  constructor(terminal: LinesTerminal) {
    this.#terminal = terminal;
  }

  /** Room for text: the last column stays free, since some terminals wrap there. */
  get columns(): number {
    return (this.#terminal.columns || UNKNOWN_COLUMNS) - 1;
  }

  /** Room for lines: the cursor stands on one more. */
  get rows(): number {
    return Math.max(1, (this.#terminal.rows || UNKNOWN_ROWS) - 1);
  }

  /** Draws lines, each of which fits, in place of those drawn before. */
  draw(lines: readonly string[]): void {
    const shown = lines.slice(0, this.rows);
    if (shown.join('\n') === this.#drawn.join('\n')) return;
    const up = this.#drawn.length === 0 ? '' : `\u001B[${this.#drawn.length}A`;
    // In one piece: a terminal shows no half of it.
    this.#terminal.write(`${up}${TO_START_AND_ERASE_BELOW}${shown.join('\n')}\n`);
    this.#drawn = shown;
  }
}
