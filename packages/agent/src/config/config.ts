import process from 'node:process';
import type { LimitsConfig } from '@peer-cache/bandwidth';
import { ConfigInvalidError } from '../errors.ts';
import { writtenAsOptions, writtenInEnvironment, writtenInFile } from './config-sources.ts';
import type { ConfigSources, Written } from './config-sources.ts';
import type { JobsConfig } from './job-settings.ts';
import type { MachineConfig } from './machine-settings.ts';
import { costRules } from './network-settings.ts';
import type { NetworkConfig, ServingConfig } from './network-settings.ts';
import { notifyNameIn, notifyTableProblem, notifyTarget } from './notify-settings.ts';
import type { NotifyTarget } from './notify-settings.ts';
import { scheduleInterval, scheduleNameIn, scheduleTableProblem } from './schedule-settings.ts';
import { settingOf } from './setting-keys.ts';
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
  readonly serving: ServingConfig;
  readonly network: NetworkConfig;
  readonly machine: MachineConfig;
  readonly jobs: JobsConfig;
  /** How much may go which way, and when. */
  readonly limits: LimitsConfig;
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
    serving: { onBattery: value(SETTINGS.servingOnBattery) },
    network: { costRules: costRules(written.keys(), value) },
    machine: {
      serve: value(SETTINGS.machineServe),
      join: value(SETTINGS.machineJoin),
      socketPath: value(SETTINGS.machineSocket),
    },
    jobs: readJobs(value),
    limits: readLimits(written, value),
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
    costPolicy: value(SETTINGS.jobsCostPolicy),
  };
}

function readLimits(written: ReadonlyMap<string, Written>, value: ReadSetting): LimitsConfig {
  const tables = namedTables(written, 'schedule', {
    nameIn: scheduleNameIn,
    problemOf: scheduleTableProblem,
  });
  return {
    rates: {
      wan: value(SETTINGS.limitsWan),
      lan: value(SETTINGS.limitsLan),
      serving: value(SETTINGS.limitsServing),
      foreground: value(SETTINGS.limitsForeground),
      high: value(SETTINGS.limitsHigh),
      normal: value(SETTINGS.limitsNormal),
      low: value(SETTINGS.limitsLow),
    },
    schedule: Array.from(tables, ([name, keys]) => scheduleInterval(name, keys, value)),
  };
}

function readNotify(
  written: ReadonlyMap<string, Written>,
  value: ReadSetting,
): Record<string, NotifyTarget> {
  const tables = namedTables(written, 'notify', {
    nameIn: notifyNameIn,
    problemOf: notifyTableProblem,
  });
  return Object.fromEntries(
    Array.from(tables, ([name, keys]) => [name, notifyTarget(name, keys, value)]),
  );
}

/** What is known of the tables `[SECTION.NAME]`. */
interface NamedTables {
  readonly nameIn: (key: string) => string | undefined;
  readonly problemOf: (keys: ReadonlySet<string>) => string | undefined;
}

/** The names of the tables of a section, in the order of writing, each with the keys that it has. */
function namedTables(
  written: ReadonlyMap<string, Written>,
  section: string,
  { nameIn, problemOf }: NamedTables,
): Map<string, Set<string>> {
  const tables = new Map<string, Set<string>>();
  const places = new Map<string, string>();
  for (const [key, { from }] of written) {
    const name = nameIn(key);
    if (name === undefined) continue;
    const last = key.slice(`${section}.${name}.`.length);
    tables.set(name, new Set([...(tables.get(name) ?? []), last]));
    places.set(name, places.get(name) ?? from);
  }
  for (const [name, keys] of tables) {
    const problem = problemOf(keys);
    if (problem === undefined) continue;
    throw new ConfigInvalidError(places.get(name) ?? section, `${section}.${name} ${problem}`);
  }
  return tables;
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
