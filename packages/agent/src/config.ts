import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import process from 'node:process';
import { parse, TomlError } from 'smol-toml';
import { ConfigInvalidError } from './errors.ts';
import { FOLDERS } from './folders.ts';
import { nearestName } from './nearest-name.ts';
import type { Setting } from './setting.ts';
import { SETTINGS } from './settings.ts';
import type { LogLevel, StoreLimit } from './settings.ts';

/** Everything that can be configured, checked. */
export interface Config {
  readonly store: { readonly folder: string; readonly limit: StoreLimit };
  readonly sharing: {
    readonly isEnabled: boolean;
    readonly interfaces: readonly string[];
    readonly networks: readonly string[];
    readonly loopback: boolean;
    readonly port: number;
  };
  readonly peers: readonly string[];
  readonly origins: { readonly sidecars: readonly string[] };
  readonly log: { readonly level: LogLevel };
  /** Each setting as it was written, and where. */
  readonly settings: readonly SettingInForce[];
}

export interface SettingInForce {
  readonly key: string;
  readonly doc: string;
  readonly value: unknown;
  /** `default`, the path of the file, the name of the variable, or the option. */
  readonly from: string;
}

export interface ConfigSources {
  /** The file of `--config`; the user's own where there is one, otherwise. */
  readonly file?: string | undefined;
  /** `KEY=VALUE`, as `--set` takes them; these win over everything else. */
  readonly set?: readonly string[] | undefined;
  /** The process's environment, unless a test brings its own. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** A value somebody wrote. */
interface Written {
  readonly value: unknown;
  readonly from: string;
  readonly baseFolder: string;
}

const VARIABLE_PREFIX = 'PEER_CACHE_';
/** Variables of this name's family that are no settings. */
const OTHER_VARIABLES = ['PEER_CACHE_CONFIG', 'PEER_CACHE_SOCKET', 'PEER_CACHE_DEBUG'];
const SETTING_BY_KEY = new Map<string, Setting<unknown>>(
  Object.values(SETTINGS).map((setting) => [setting.key, setting]),
);

/**
 * The configuration: what the command line sets, else the environment, else the file, else the
 * default. The only reader of configuration files and of `process.env`.
 *
 * @throws {ConfigInvalidError} for an unknown key, a wrong value or an unreadable file.
 */
export function readConfig({ file, set = [], env = process.env }: ConfigSources = {}): Config {
  const written = new Map<string, Written>([
    ...writtenInFile(file ?? env['PEER_CACHE_CONFIG']),
    ...writtenInEnvironment(env),
    ...writtenAsOptions(set),
  ]);
  const value = <T>(setting: Setting<T>): T => readSetting(setting, written.get(setting.key));
  return deepFreeze({
    store: { folder: value(SETTINGS.storeFolder), limit: value(SETTINGS.storeLimit) },
    sharing: {
      isEnabled: value(SETTINGS.sharingEnabled),
      interfaces: value(SETTINGS.sharingInterfaces),
      networks: value(SETTINGS.sharingNetworks),
      loopback: value(SETTINGS.sharingLoopback),
      port: value(SETTINGS.sharingPort),
    },
    peers: value(SETTINGS.peers),
    origins: { sidecars: value(SETTINGS.sidecarOrigins) },
    log: { level: value(SETTINGS.logLevel) },
    settings: Object.values(SETTINGS).map(({ key, doc, fallback }) => {
      const { value: given, from } = written.get(key) ?? { value: fallback, from: 'default' };
      return { key, doc, value: given, from };
    }),
  });
}

/** The environment variable of a setting: `PEER_CACHE_STORE_LIMIT` for `store.limit`. */
export function variableOf(key: string): string {
  return VARIABLE_PREFIX + key.replaceAll('.', '_').toUpperCase();
}

function writtenInFile(named: string | undefined): [string, Written][] {
  const path = resolve(named ?? FOLDERS.configFile);
  if (named === undefined && !existsSync(path)) return [];
  const entries = flatten(parseToml(path), '');
  return entries.map(([key, value]) => {
    if (!SETTING_BY_KEY.has(key)) throw unknown(path, 'key', key, [...SETTING_BY_KEY.keys()]);
    return [key, { value, from: path, baseFolder: dirname(path) }];
  });
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
    return isTable(value) ? flatten(value, `${key}.`) : [[key, value]];
  });
}

function isTable(value: unknown): value is Record<string, unknown> {
  const isComposed = typeof value === 'object' && value !== null;
  return isComposed && !Array.isArray(value) && !(value instanceof Date);
}

function writtenInEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): [string, Written][] {
  const keyOf = new Map(Array.from(SETTING_BY_KEY.keys(), (key) => [variableOf(key), key]));
  const entries = Object.entries(env).filter(
    ([name]) => name.startsWith(VARIABLE_PREFIX) && !OTHER_VARIABLES.includes(name),
  );
  return entries.map(([name, text = '']) => {
    const key = keyOf.get(name);
    if (key === undefined) throw unknown('environment', 'variable', name, [...keyOf.keys()]);
    return [key, writtenAsText(key, text, name)];
  });
}

function writtenAsOptions(set: readonly string[]): [string, Written][] {
  return set.map((option) => {
    const [, key = '', text] = /^\s*([^=]*?)\s*=(.*)$/s.exec(option) ?? [];
    if (text === undefined) {
      throw new ConfigInvalidError(`--set ${option}`, 'expected KEY=VALUE');
    }
    if (!SETTING_BY_KEY.has(key)) throw unknown('--set', 'key', key, [...SETTING_BY_KEY.keys()]);
    return [key, writtenAsText(key, text.trim(), `--set ${key}`)];
  });
}

function writtenAsText(key: string, text: string, from: string): Written {
  const value = SETTING_BY_KEY.get(key)?.fromText(text);
  return { value, from, baseFolder: process.cwd() };
}

function readSetting<T>(setting: Setting<T>, written: Written | undefined): T {
  const { value, from, baseFolder } = written ?? {
    value: setting.fallback,
    from: 'default',
    baseFolder: '/',
  };
  const checked = setting.read(value, baseFolder);
  if (checked === undefined) {
    const reason = `${setting.key} is ${JSON.stringify(value)}; expected ${setting.expects}`;
    throw new ConfigInvalidError(from, reason);
  }
  return checked;
}

function unknown(where: string, kind: string, name: string, names: readonly string[]): Error {
  const nearest = nearestName(name, names);
  const advice =
    nearest === undefined ? `known are ${names.join(', ')}` : `did you mean ${nearest}?`;
  return new ConfigInvalidError(where, `unknown ${kind} ${name}; ${advice}`);
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) deepFreeze(part);
    Object.freeze(value);
  }
  return value;
}
