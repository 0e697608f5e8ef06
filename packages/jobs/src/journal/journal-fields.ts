import { JournalDamagedError } from '../errors.ts';

/** Where in the journal a value stands. */
export interface Place {
  /** The journal's file. */
  readonly path: string;
  /** Names the row, such as `file 3 of job 5f0c`. */
  readonly row: () => string;
}

/**
 * A row of the journal, or a value nested in one, checked field by field: what stands on a disk is
 * input too. Every look-up throws {@link JournalDamagedError} that names the row and the field.
 */
export class JournalFields {
  readonly #place: Place;
  readonly #prefix: string;
  readonly #record: Record<string, unknown>;

  constructor(place: Place, value: unknown, prefix = '') {
    this.#place = place;
    this.#prefix = prefix;
    if (!isRecord(value)) throw this.#error(undefined, 'not a record');
    this.#record = value;
  }

  /** Whether there is a value: neither NULL nor absent. */
  has(name: string): boolean {
    return Object.hasOwn(this.#record, name) && this.#record[name] !== null;
  }

  /** What `read` makes of the field, if there is a value. */
  optional<T>(name: string, read: (fields: JournalFields, name: string) => T): T | undefined {
    return this.has(name) ? read(this, name) : undefined;
  }

  text(name: string): string {
    const value = this.#record[name];
    if (typeof value !== 'string') throw this.#error(name, 'not a text');
    return value;
  }

  /** One of the keys of `values`. */
  oneOf<T extends string>(name: string, values: Readonly<Record<T, true>>): T {
    const value = this.text(name);
    if (!isKeyOf(values, value)) throw this.#error(name, 'none that this version knows');
    return value;
  }

  /** Finite and not negative. */
  amount(name: string): number {
    const value = this.#record[name];
    if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) {
      throw this.#error(name, 'not an amount');
    }
    return value;
  }

  count(name: string): number {
    const value = this.amount(name);
    if (!Number.isInteger(value)) throw this.#error(name, 'not a whole number');
    return value;
  }

  /** `true` and `false` of JSON, 1 and 0 of SQLite. */
  truth(name: string): boolean {
    const value = this.#record[name];
    if (value === true || value === 1) return true;
    if (value === false || value === 0) return false;
    throw this.#error(name, 'neither true nor false');
  }

  bytes(name: string): Uint8Array {
    const value = this.#record[name];
    if (!(value instanceof Uint8Array)) throw this.#error(name, 'not bytes');
    return value;
  }

  nested(name: string): JournalFields {
    return new JournalFields(this.#place, this.#record[name], `${this.#prefix}${name}.`);
  }

  /** The record that a column holds as JSON. */
  json(name: string): JournalFields {
    return new JournalFields(this.#place, this.#parsed(name), `${this.#prefix}${name}.`);
  }

  /** The records of a list. */
  list(name: string): JournalFields[] {
    return this.#records(name, this.#record[name]);
  }

  /** The records that a column holds as a list in JSON. */
  jsonList(name: string): JournalFields[] {
    return this.#records(name, this.#parsed(name));
  }

  textList(name: string): string[] {
    return this.#texts(name, this.#record[name]);
  }

  /** The texts that a column holds as a list in JSON. */
  jsonTexts(name: string): string[] {
    return this.#texts(name, this.#parsed(name));
  }

  /** All fields, each a text. */
  texts(): Record<string, string> {
    return Object.fromEntries(Object.keys(this.#record).map((name) => [name, this.text(name)]));
  }

  #records(name: string, value: unknown): JournalFields[] {
    if (!Array.isArray(value)) throw this.#error(name, 'not a list');
    return value.map((each: unknown, index) => {
      return new JournalFields(this.#place, each, `${this.#prefix}${name}[${index}].`);
    });
  }

  #texts(name: string, value: unknown): string[] {
    if (!Array.isArray(value) || !value.every((each) => typeof each === 'string')) {
      throw this.#error(name, 'not a list of texts');
    }
    return value;
  }

  #parsed(name: string): unknown {
    const text = this.text(name);
    try {
      return JSON.parse(text);
    } catch {
      // Its cause would show some of the text.
      throw this.#error(name, 'not JSON');
    }
  }

  #error(name: string | undefined, problem: string): JournalDamagedError {
    const { path, row } = this.#place;
    const field = name === undefined ? this.#prefix.slice(0, -1) : this.#prefix + name;
    return new JournalDamagedError(path, `${field || 'the row'} of ${row()} is ${problem}`);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isKeyOf<T extends string>(values: Readonly<Record<T, true>>, key: string): key is T {
  return Object.hasOwn(values, key);
}
