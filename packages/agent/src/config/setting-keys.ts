import { nearestName } from './nearest-name.ts';
import { adviceForCostKey, costSetting } from './network-settings.ts';
import { notifyNameIn, notifySettings } from './notify-settings.ts';
import { scheduleNameIn, scheduleSettings } from './schedule-settings.ts';
import type { Setting } from './setting.ts';
import { SETTINGS } from './settings.ts';

const VARIABLE_PREFIX = 'PEER_CACHE_';
/** Variables of this name's family that are no settings. */
const OTHER_VARIABLES = ['PEER_CACHE_CONFIG', 'PEER_CACHE_SOCKET', 'PEER_CACHE_DEBUG'];
const SETTING_BY_KEY = new Map<string, Setting<unknown>>(
  Object.values(SETTINGS).map((setting) => [setting.key, setting]),
);
const KEY_BY_VARIABLE = new Map(Array.from(SETTING_BY_KEY.keys(), (key) => [variableOf(key), key]));

/** The setting of a key, `notify.NAME.command`, `network.cost.NAME` and their like included. */
export function settingOf(key: string): Setting<unknown> | undefined {
  const named = namedSettings(key, undefined);
  return SETTING_BY_KEY.get(key) ?? costSetting(key) ?? named.find((each) => each.key === key);
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
  const ofCosts = adviceForCostKey(key);
  if (ofCosts !== undefined) return ofCosts;
  const named = namedSettings(`${key}.`, 'NAME').map((setting) => setting.key);
  return advice(key, [...SETTING_BY_KEY.keys(), ...named]);
}

/** Completes "unknown variable VARIABLE; ". */
export function adviceForVariable(variable: string): string {
  return advice(variable, [...KEY_BY_VARIABLE.keys()]);
}

/** All settings of tables with names, of the name that the key has, or else of the one given. */
function namedSettings(key: string, otherwise: string | undefined): Setting<unknown>[] {
  const target = notifyNameIn(key) ?? otherwise;
  const interval = scheduleNameIn(key) ?? otherwise;
  return [
    ...(target === undefined ? [] : Object.values(notifySettings(target))),
    ...(interval === undefined ? [] : Object.values(scheduleSettings(interval))),
  ];
}

function advice(wrong: string, names: readonly string[]): string {
  const nearest = nearestName(wrong, names);
  return nearest === undefined ? `known are ${names.join(', ')}` : `did you mean ${nearest}?`;
}
