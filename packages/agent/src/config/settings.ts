import { isIP } from 'node:net';
import { MIB, parseSize } from '@peer-cache/core';
import { LEAST_PORT } from '@peer-cache/protocol';
import { FOLDERS } from './folders.ts';
import { JOB_SETTINGS } from './job-settings.ts';
import type { JobSettingsTable } from './job-settings.ts';
import { LIMIT_SETTINGS } from './limit-settings.ts';
import type { LimitSettingsTable } from './limit-settings.ts';
import { MACHINE_SETTINGS } from './machine-settings.ts';
import type { MachineSettingsTable } from './machine-settings.ts';
import { SERVING_SETTINGS } from './network-settings.ts';
import type { ServingSettingsTable } from './network-settings.ts';
import {
  folderSetting,
  listSetting,
  numberSetting,
  switchSetting,
  textSetting,
} from './setting.ts';
import type { Setting } from './setting.ts';
import { parseShare } from './share.ts';

/** In no registry's list of assigned ports, near the one that Windows shares updates on. */
const DEFAULT_PORT = 7690;

/** How much the store may hold: bytes, or a share of the disk that it lies on. */
export type StoreLimit = { readonly bytes: number } | { readonly diskShare: number };

export type LogLevel = (typeof LOG_LEVELS)[number];

const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
const LEAST_STORE_BYTES = 64 * MIB;
const PEER = /^(?:\[([0-9a-f:.]+(?:%\w+)?)\]|([a-z\d](?:[a-z\d.-]*[a-z\d])?)):(\d{1,5})$/i;

/** Every configuration key but those of `notify`, `schedule` and `network.cost`, which name things. */
export const SETTINGS: JobSettingsTable &
  LimitSettingsTable &
  MachineSettingsTable &
  ServingSettingsTable & {
    readonly storeFolder: Setting<string>;
    readonly storeLimit: Setting<StoreLimit>;
    readonly sharingEnabled: Setting<boolean>;
    readonly sharingInterfaces: Setting<readonly string[]>;
    readonly sharingNetworks: Setting<readonly string[]>;
    readonly sharingLoopback: Setting<boolean>;
    readonly sharingPort: Setting<number>;
    readonly peers: Setting<readonly string[]>;
    readonly sidecarOrigins: Setting<readonly string[]>;
    readonly logLevel: Setting<LogLevel>;
  } = {
  storeFolder: folderSetting({
    key: 'store.folder',
    doc: 'Where blocks are kept. No two agents can use one folder.',
    fallback: FOLDERS.store,
  }),
  storeLimit: textSetting({
    key: 'store.limit',
    doc: 'How much the store may hold, as a size or as a share of its disk.',
    expects: 'a size of at least 64 MiB such as "20 GiB", or a share of the disk such as "5%"',
    fallback: '5%',
    parse: parseStoreLimit,
  }),
  sharingEnabled: switchSetting({
    key: 'sharing.enabled',
    doc: 'Whether blocks are exchanged with other machines at all.',
    fallback: true,
  }),
  sharingInterfaces: listSetting({
    key: 'sharing.interfaces',
    doc: 'Share on these interfaces only. Empty: Ethernet and Wi-Fi with a private address.',
    expects: 'names of network interfaces, such as ["eth0"]',
    parse: (text) => (/^[^\s/]{1,64}$/.test(text) ? text : undefined),
  }),
  sharingNetworks: listSetting({
    key: 'sharing.networks',
    doc: 'Share only where our own address is in one of these networks. Empty: in all.',
    expects: 'networks in CIDR notation, such as ["10.20.0.0/16"]',
    parse: parseNetwork,
  }),
  sharingLoopback: switchSetting({
    key: 'sharing.loopback',
    doc: 'Share with agents on this same machine, for trials; elsewhere only by sharing.interfaces.',
    fallback: false,
  }),
  sharingPort: numberSetting({
    key: 'sharing.port',
    doc: 'TCP port that peers reach us on; where it is taken, one of the 15 after it. 0: any.',
    expects: 'a port number from 1024 to 65535, or 0',
    fallback: DEFAULT_PORT,
    isAllowed: (port) => port === 0 || (port >= LEAST_PORT && port <= 65_535),
  }),
  peers: listSetting({
    key: 'peers',
    doc: 'Peers that are asked wherever they are, in addition to those that are found.',
    expects: 'hosts with ports, such as ["10.20.0.5:7690", "[fd00::5]:7690", "cache.example:7690"]',
    parse: parsePeer,
  }),
  sidecarOrigins: listSetting({
    key: 'origins.sidecars',
    doc: 'Origins that have content information in a file beside each content (publish).',
    expects: 'origins without a path, such as ["https://files.example.com"]',
    parse: parseOrigin,
  }),
  ...SERVING_SETTINGS,
  ...MACHINE_SETTINGS,
  ...JOB_SETTINGS,
  ...LIMIT_SETTINGS,
  logLevel: textSetting({
    key: 'log.level',
    doc: 'How much the agent writes to its log.',
    expects: `one of ${LOG_LEVELS.join(', ')}`,
    fallback: 'info',
    parse: (text) => LOG_LEVELS.find((level) => level === text),
  }),
};

function parseStoreLimit(text: string): StoreLimit | undefined {
  const diskShare = parseShare(text);
  if (diskShare !== undefined) return { diskShare };
  const bytes = parseSize(text);
  return bytes !== undefined && bytes >= LEAST_STORE_BYTES ? { bytes } : undefined;
}

function parseNetwork(text: string): string | undefined {
  const [address = '', prefix = '', more] = text.split('/');
  const family = isIP(address);
  const isPrefix = /^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128);
  return family !== 0 && isPrefix && more === undefined ? text : undefined;
}

function parsePeer(text: string): string | undefined {
  const [, bracketed, name = '', digits] = PEER.exec(text) ?? [];
  const port = Number(digits);
  const isHost = bracketed === undefined ? name !== '' : isIP(bracketed) === 6;
  return isHost && port >= LEAST_PORT && port <= 65_535 ? text : undefined;
}

function parseOrigin(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, origin, href } = new URL(text);
  const isWeb = protocol === 'https:' || protocol === 'http:';
  return isWeb && href === `${origin}/` ? origin : undefined;
}
