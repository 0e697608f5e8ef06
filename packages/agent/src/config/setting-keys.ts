import { nearestName } from './nearest-name.ts';
import { notifyNameIn, notifySettings } from './notify-settings.ts';
import type { Setting } from './setting.ts';
import { SETTINGS } from './settings.ts';

const VARIABLE_PREFIX = 'PEER_CACHE_';
/** Variables of this name's family that are no settings. */
const OTHER_VARIABLES = ['PEER_CACHE_CONFIG', 'PEER_CACHE_SOCKET', 'PEER_CACHE_DEBUG'];
const SETTING_BY_KEY = new Map<string, Setting<unknown>>(
  Object.values(SETTINGS).map((setting) => [setting.key, setting]),
);
const KEY_BY_VARIABLE = new Map(Array.from(SETTING_BY_KEY.keys(), (key) => [variableOf(key), key]));

/** The setting of a key, `notify.NAME.command` and its like included. */
export function settingOf(key: string): Setting<unknown> | undefined {
  return SETTING_BY_KEY.get(key) ?? notifySettingOf(key);
}

/** The environment variable of a setting: `PEER_CACHE_STORE_LIMIT` for `store.limit`. */
export function variableOf(key: string): string {
  return VARIABLE_PREFIX + key.replaceAll('.', '_').toUpperCase();
}

/** The key that a variable sets; named tables can't be set by variables. */
export function keyOfVariable(variable: string): string | undefined {
  return KEY_BY_VARIABLE.get(variable);
}

/** Whether a variable claims to be a setting. */
export function isSettingVariable(variable: string): boolean {
  return variable.startsWith(VARIABLE_PREFIX) && !OTHER_VARIABLES.includes(variable);
}

/** Completes "unknown key KEY; ". */
export function adviceForKey(key: string): string {
  const name = notifyNameIn(`${key}.`) ?? 'NAME';
  const own = Object.values(notifySettings(name)).map((setting) => setting.key);
  return advice(key, [...SETTING_BY_KEY.keys(), ...own]);
}

/** Completes "unknown variable VARIABLE; ". */
export function adviceForVariable(variable: string): string {
  return advice(variable, [...KEY_BY_VARIABLE.keys()]);
}

function notifySettingOf(key: string): Setting<unknown> | undefined {
  const name = notifyNameIn(key);
  if (name === undefined) return undefined;
  const settings: Setting<unknown>[] = Object.values(notifySettings(name));
  return settings.find((setting) => setting.key === key);
}

function advice(wrong: string, names: readonly string[]): string {
  const nearest = nearestName(wrong, names);
  return nearest === undefined ? `known are ${names.join(', ')}` : `did you mean ${nearest}?`;
}
