import { NETWORK_COSTS } from '@peer-cache/protocol';
import type { NetworkCost } from '@peer-cache/protocol';
import { switchSetting, textSetting } from './setting.ts';
import type { Setting } from './setting.ts';

/** What the owner of a machine says of what a network costs; more is known of no network. */
export interface CostRule {
  /** The setting that says so: `network.cost.wwan0`. */
  readonly key: string;
  readonly kind: 'interface' | 'ssid';
  readonly name: string;
  readonly cost: NetworkCost;
}

/** What is configured of the network, checked. */
export interface NetworkConfig {
  /** In the order of writing. */
  readonly costRules: readonly CostRule[];
}

/** What is configured of serving peers, checked. */
export interface ServingConfig {
  readonly onBattery: boolean;
}

export interface ServingSettingsTable {
  readonly servingOnBattery: Setting<boolean>;
}

/** Names may have dots: VLANs of Linux are `eth0.100`, and a Wi-Fi network may be called anything. */
const COST_KEY = /^network\.cost\.(?:ssid:(?<ssid>.+)|(?<interfaceName>[^\s/:]{1,64}))$/s;
/** IEEE 802.11 9.4.2.2. */
const MOST_SSID_BYTES = 32;

export const SERVING_SETTINGS: ServingSettingsTable = {
  servingOnBattery: switchSetting({
    key: 'serving.on_battery',
    doc: 'Whether other machines are given blocks while this one runs on battery.',
    fallback: false,
  }),
};

/** The setting of a line of `[network.cost]`; undefined for a key that is none. */
export function costSetting(key: string): Setting<NetworkCost> | undefined {
  if (subjectOf(key) === undefined) return undefined;
  return textSetting({
    key,
    doc: 'What this network costs.',
    expects: `one of ${NETWORK_COSTS.join(', ')}`,
    fallback: 'unrestricted',
    parse: (text) => NETWORK_COSTS.find((cost) => cost === text),
  });
}

/** Completes "unknown key KEY; " for what was meant as a line of `[network.cost]`. */
export function adviceForCostKey(key: string): string | undefined {
  if (!key.startsWith('network.')) return undefined;
  const ofInterface = 'the name of an interface, as in wwan0 = "usage-based"';
  const ofSsid = 'of a Wi-Fi network, as in "ssid:Guest Net" = "capped"';
  return `[network.cost] takes ${ofInterface}, or ${ofSsid}`;
}

/** What these keys, among others, say of costs; `read` gives the value of a setting. */
export function costRules(
  keys: Iterable<string>,
  read: <T>(setting: Setting<T>) => T,
): readonly CostRule[] {
  return Array.from(keys).flatMap((key): CostRule[] => {
    const setting = costSetting(key);
    const subject = subjectOf(key);
    if (setting === undefined || subject === undefined) return [];
    return [{ key, ...subject, cost: read(setting) }];
  });
}

function subjectOf(key: string): Pick<CostRule, 'kind' | 'name'> | undefined {
  const { ssid, interfaceName } = COST_KEY.exec(key)?.groups ?? {};
  if (interfaceName !== undefined) return { kind: 'interface', name: interfaceName };
  const isSsid = ssid !== undefined && Buffer.byteLength(ssid) <= MOST_SSID_BYTES;
  return isSsid ? { kind: 'ssid', name: ssid } : undefined;
}
