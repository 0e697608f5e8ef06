import process from 'node:process';
import { writtenAsOptions, writtenInEnvironment, writtenInFile } from './config-sources.ts';
import type { ConfigSources, Written } from './config-sources.ts';
import { ConfigInvalidError } from '../errors.ts';
import type { JobsConfig } from './job-settings.ts';
import type { MachineConfig } from './machine-settings.ts';
import {
  notifyNameIn,
  notifySettings,
  notifyTableProblem,
  notifyTarget,
} from './notify-settings.ts';
import type { NotifySettings, NotifyTarget } from './notify-settings.ts';
import type { Setting } from './setting.ts';
import { settingOf } from './setting-keys.ts';
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
  readonly machine: MachineConfig;
  readonly jobs: JobsConfig;
  /** Whom jobs may tell of their end, by the names that they choose from. */
  readonly notify: Readonly<Record<string, NotifyTarget>>;
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
  /** Whether the value may be shown to its owner only, and never be logged. */
  readonly isSecret: boolean;
}

export type { ConfigSources } from './config-sources.ts';
export { variableOf } from './setting-keys.ts';

type ReadSetting = <T>(setting: Setting<T>) => T;

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
  const value: ReadSetting = (setting) => readSetting(setting, written.get(setting.key));
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
    machine: {
      serve: value(SETTINGS.machineServe),
      join: value(SETTINGS.machineJoin),
      socketPath: value(SETTINGS.machineSocket),
    },
    jobs: readJobs(value),
    notify: readNotify(written, value),
    log: { level: value(SETTINGS.logLevel) },
    settings: inForce(written),
  });
}

function readJobs(value: ReadSetting): JobsConfig {
  return {
    folder: value(SETTINGS.jobsFolder),
    mostJobs: value(SETTINGS.jobsMostJobs),
    mostFiles: value(SETTINGS.jobsMostFiles),
    mostRanges: value(SETTINGS.jobsMostRanges),
    minimumRetryDelayMs: value(SETTINGS.jobsMinimumRetryDelay),
    noProgressTimeoutMs: value(SETTINGS.jobsNoProgressTimeout),
    inactivityTimeoutMs: value(SETTINGS.jobsInactivityTimeout),
    maximumDownloadMs: value(SETTINGS.jobsMaximumDownloadTime),
    runningAtOnce: value(SETTINGS.jobsRunningAtOnce),
    filesAtOnce: value(SETTINGS.jobsFilesAtOnce),
  };
}

function readNotify(
  written: ReadonlyMap<string, Written>,
  value: ReadSetting,
): Record<string, NotifyTarget> {
  const names = new Set(Array.from(written.keys(), notifyNameIn));
  const targets: [string, NotifyTarget][] = [];
  for (const name of names) {
    if (name === undefined) continue;
    const keys = writtenKeys(name, written);
    const problem = notifyTableProblem(keys);
    if (problem !== undefined) {
      const [first] = [...keys].map((key) => written.get(`notify.${name}.${key}`)?.from);
      throw new ConfigInvalidError(first ?? 'notify', `notify.${name} ${problem}`);
    }
    targets.push([name, notifyTarget(name, keys, value)]);
  }
  return Object.fromEntries(targets);
}

function writtenKeys(
  name: string,
  written: ReadonlyMap<string, Written>,
): Set<keyof NotifySettings> {
  const keys = ['webhook', 'command', 'on', 'timeout'] as const;
  return new Set(keys.filter((key) => written.has(notifySettings(name)[key].key)));
}

function readSetting<T>(setting: Setting<T>, written: Written | undefined): T {
  const { value, from, baseFolder } = written ?? {
    value: setting.fallback,
    from: 'default',
    baseFolder: '/',
  };
  const checked = setting.read(value, baseFolder);
  if (checked === undefined) {
    const found = setting.isSecret === true ? 'is wrong' : `is ${JSON.stringify(value)}`;
    throw new ConfigInvalidError(from, `${setting.key} ${found}; expected ${setting.expects}`);
  }
  return checked;
}

/** Settings that always are, then those of tables that have names, in the order of writing. */
function inForce(written: ReadonlyMap<string, Written>): SettingInForce[] {
  const fixed = Object.values(SETTINGS).map(({ key }) => key);
  const keys = new Set([...fixed, ...written.keys()]);
  return [...keys].flatMap((key) => {
    const setting = settingOf(key);
    if (setting === undefined) return [];
    const { doc, fallback, isSecret = false } = setting;
    const { value, from } = written.get(key) ?? { value: fallback, from: 'default' };
    return [{ key, doc, value, from, isSecret }];
  });
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) deepFreeze(part);
    Object.freeze(value);
  }
  return value;
}
