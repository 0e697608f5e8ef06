import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { parseDuration } from './duration.ts';

/** What one configuration key means: how it is written, what it defaults to, what it does. */
export interface Setting<T> {
  /** As in the configuration file, dotted: `store.limit`. */
  readonly key: string;
  /** One line for people. */
  readonly doc: string;
  /** Completes "expected …". */
  readonly expects: string;
  /** Whether no message and no log may tell the value. */
  readonly isSecret?: boolean;
  /** As TOML would give it. */
  readonly fallback: unknown;
  /** How an environment variable or option is turned into what TOML would give. */
  readonly fromText: (text: string) => unknown;
  /** The checked value; undefined for a wrong one. Relative paths are relative to `baseFolder`. */
  readonly read: (value: unknown, baseFolder: string) => T | undefined;
}

/** What every setting is declared with. */
export interface Described {
  readonly key: string;
  readonly doc: string;
  readonly expects: string;
  readonly isSecret?: boolean;
}

/** A setting of one text. */
export function textSetting<T>(
  setting: Described & {
    readonly fallback: string;
    readonly parse: (text: string, baseFolder: string) => T | undefined;
  },
): Setting<T> {
  const { parse } = setting;
  return {
    ...setting,
    fromText: (text) => text,
    read: (value, baseFolder) => (typeof value === 'string' ? parse(value, baseFolder) : undefined),
  };
}

/** A setting of several texts; separated by commas where they are given as one. */
export function listSetting<T>(
  setting: Described & { readonly parse: (text: string) => T | undefined },
): Setting<readonly T[]> {
  return {
    ...setting,
    fallback: [],
    fromText: (text) => splitList(text),
    read: (value) => (Array.isArray(value) ? readList(value, setting.parse) : undefined),
  };
}

/** A setting of `true` or `false`. */
export function switchSetting(
  setting: Omit<Described, 'expects'> & { readonly fallback: boolean },
): Setting<boolean> {
  return {
    ...setting,
    expects: 'true or false',
    fromText: (text) => (text === 'true' ? true : text === 'false' ? false : text),
    read: (value) => (typeof value === 'boolean' ? value : undefined),
  };
}

/** A setting of a whole number. */
export function numberSetting(
  setting: Described & {
    readonly fallback: number;
    readonly isAllowed: (value: number) => boolean;
  },
): Setting<number> {
  const { isAllowed } = setting;
  return {
    ...setting,
    fromText: (text) => (/^\d{1,15}$/.test(text) ? Number(text) : text),
    read: (value) =>
      typeof value === 'number' && Number.isInteger(value) && isAllowed(value) ? value : undefined,
  };
}

/** A setting of a time span, in milliseconds. */
export function durationSetting(
  setting: Described & {
    readonly fallback: string;
    readonly leastMs: number;
    readonly mostMs: number;
  },
): Setting<number> {
  const { leastMs, mostMs } = setting;
  return textSetting({
    ...setting,
    parse: (text) => {
      const ms = parseDuration(text);
      return ms !== undefined && ms >= leastMs && ms <= mostMs ? ms : undefined;
    },
  });
}

/** A setting of a folder, as an absolute path; `~/` is the home folder. */
export function folderSetting(
  setting: Omit<Described, 'expects'> & { readonly fallback: string },
): Setting<string> {
  return textSetting({ ...setting, expects: 'a path', parse: parseFolder });
}

function parseFolder(text: string, baseFolder: string): string | undefined {
  if (text === '' || text.includes('\0')) return undefined;
  return text.startsWith('~/') ? resolve(homedir(), text.slice(2)) : resolve(baseFolder, text);
}

function splitList(text: string): string[] {
  const items = text.split(',').map((item) => item.trim());
  return items.filter((item) => item !== '');
}

function readList<T>(
  values: readonly unknown[],
  parse: (text: string) => T | undefined,
): T[] | undefined {
  const items: T[] = [];
  for (const value of values) {
    const item = typeof value === 'string' ? parse(value) : undefined;
    if (item === undefined) return undefined;
    items.push(item);
  }
  return items;
}
