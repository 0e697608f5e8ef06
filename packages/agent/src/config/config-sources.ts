import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import process from 'node:process';
import { parse, TomlError } from 'smol-toml';
import { ConfigInvalidError } from '../errors.ts';
import { FOLDERS } from './folders.ts';
import {
  adviceForKey,
  adviceForVariable,
  isSettingVariable,
  keyOfVariable,
  settingOf,
} from './setting-keys.ts';
import type { Setting } from './setting.ts';

export interface ConfigSources {
  /** The file of `--config`; the user's own where there is one, otherwise. */
  readonly file?: string | undefined;
  /** `KEY=VALUE`, as `--set` takes them; these win over everything else. */
  readonly set?: readonly string[] | undefined;
  /** The process's environment, unless a test brings its own. */
  readonly env?: Environment;
}

/** A value somebody wrote. */
export interface Written {
  readonly value: unknown;
  readonly from: string;
  /** What relative paths are relative to. */
  readonly baseFolder: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** What a configuration file says, by key. Without a name: the user's own, if there is one. */
export function writtenInFile(named: string | undefined): [string, Written][] {
  const path = resolve(named ?? FOLDERS.configFile);
  if (named === undefined && !existsSync(path)) return [];
  const entries = flatten(parseToml(path), '');
  return entries.map(([key, value]) => {
    knownSetting(path, key);
    return [key, { value, from: path, baseFolder: dirname(path) }];
  });
}

/** What environment variables say, by key. */
export function writtenInEnvironment(env: Environment): [string, Written][] {
  const entries = Object.entries(env).filter(([name]) => isSettingVariable(name));
  return entries.map(([name, text = '']) => {
    const key = keyOfVariable(name);
    if (key === undefined) {
      const reason = `unknown variable ${name}; ${adviceForVariable(name)}`;
      throw new ConfigInvalidError('environment', reason);
    }
    return [key, writtenAsText(knownSetting('environment', key), text, name)];
  });
}

/** What options of the command line say, by key. */
export function writtenAsOptions(set: readonly string[]): [string, Written][] {
  return set.map((option) => {
    const [, key = '', text] = /^\s*([^=]*?)\s*=(.*)$/s.exec(option) ?? [];
    if (text === undefined) {
      throw new ConfigInvalidError(`--set ${option}`, 'expected KEY=VALUE');
    }
    return [key, writtenAsText(knownSetting('--set', key), text.trim(), `--set ${key}`)];
  });
}

function writtenAsText(setting: Setting<unknown>, text: string, from: string): Written {
  return { value: setting.fromText(text), from, baseFolder: process.cwd() };
}

function knownSetting(where: string, key: string): Setting<unknown> {
  const setting = settingOf(key);
  if (setting !== undefined) return setting;
  throw new ConfigInvalidError(where, `unknown key ${key}; ${adviceForKey(key)}`);
}

function parseToml(path: string): Record<string, unknown> {
  try {
    return parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    const place = cause instanceof TomlError ? `${path}:${cause.line}:${cause.column}` : path;
    const [firstLine = ''] = cause.message.split('\n');
    throw new ConfigInvalidError(place, firstLine, { cause });
  }
}

/** `{ store: { limit: 1 } }` as `store.limit = 1`. */
function flatten(table: Record<string, unknown>, prefix: string): [string, unknown][] {
  return Object.entries(table).flatMap(([name, value]): [string, unknown][] => {
    const key = prefix + name;
    // A target or an interval that says nothing is a mistake; a section with all lines commented out is none.
    const isEmpty = isTable(value) && Object.keys(value).length === 0;
    const isSaid = !isTable(value) || (isEmpty && ['notify.', 'schedule.'].includes(prefix));
    return isSaid ? [[key, value]] : flatten(value, `${key}.`);
  });
}

function isTable(value: unknown): value is Record<string, unknown> {
  const isComposed = typeof value === 'object' && value !== null;
  return isComposed && !Array.isArray(value) && !(value instanceof Date);
}
