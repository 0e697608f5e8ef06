import { decodeCbor } from '@peer-cache/core';
import { MalformedMessageError } from './errors.ts';

/** A stranger's message, checked field by field; every look-up throws MalformedMessageError. */
export class Fields {
  readonly #message: string;
  readonly #record: Record<string, unknown>;

  constructor(message: string, value: unknown) {
    this.#message = message;
    if (!isRecord(value)) throw new MalformedMessageError(message, 'not a map');
    this.#record = value;
  }

  /** Decodes the body of `message`. Its size was bounded by whoever read it. */
  static decode(message: string, bytes: Uint8Array): Fields {
    let value: unknown;
    try {
      value = decodeCbor(bytes);
    } catch (cause) {
      throw new MalformedMessageError(message, 'not strict CBOR', { cause });
    }
    return new Fields(message, value);
  }

  wholeNumber(name: string, least: number, most: number): number {
    const value = this.#record[name];
    if (!isWholeNumber(value, least, most)) this.fail(name, `not within ${least} to ${most}`);
    return value;
  }

  bytes(name: string, length: number): Uint8Array {
    const value = this.#record[name];
    if (!(value instanceof Uint8Array) || value.length !== length) {
      this.fail(name, `not ${length} bytes`);
    }
    return value;
  }

  bytesUpTo(name: string, most: number): Uint8Array {
    const value = this.#record[name];
    if (!(value instanceof Uint8Array) || value.length > most) {
      this.fail(name, `not at most ${most} bytes`);
    }
    return value;
  }

  text(name: string, mostLength: number): string {
    const value = this.#record[name];
    if (typeof value !== 'string' || value.length > mostLength) {
      this.fail(name, `not a text of at most ${mostLength} characters`);
    }
    return value;
  }

  /** Byte strings of one length, packed into one. */
  packed(name: string, itemBytes: number, most: number): Uint8Array[] {
    const value = this.#record[name];
    if (!(value instanceof Uint8Array) || value.length % itemBytes !== 0) {
      this.fail(name, `not a multiple of ${itemBytes} bytes`);
    }
    const count = value.length / itemBytes;
    if (count > most) this.fail(name, `more than ${most} items`);
    return Array.from({ length: count }, (_, index) =>
      value.subarray(index * itemBytes, (index + 1) * itemBytes),
    );
  }

  truth(name: string): boolean {
    const value = this.#record[name];
    if (typeof value !== 'boolean') this.fail(name, 'neither true nor false');
    return value;
  }

  list(name: string, most: number): unknown[] {
    const value = this.#record[name];
    if (!Array.isArray(value)) this.fail(name, 'not a list');
    if (value.length > most) this.fail(name, `more than ${most} items`);
    return value;
  }

  wholeNumbers(name: string, least: number, most: number, mostItems: number): number[] {
    return this.list(name, mostItems).map((value) => {
      if (!isWholeNumber(value, least, most)) this.fail(name, `not within ${least} to ${most}`);
      return value;
    });
  }

  fail(name: string, reason: string): never {
    throw new MalformedMessageError(this.#message, `${name} is ${reason}`);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isWholeNumber(value: unknown, least: number, most: number): value is number {
  return Number.isInteger(value) && Number(value) >= least && Number(value) <= most;
}
