import { join } from 'node:path';
import envPaths from 'env-paths';

/** Where things lie unless the configuration says otherwise, by the customs of the platform. */
export interface Folders {
  readonly configFile: string;
  readonly store: string;
  /** The journal of jobs and their secrets. */
  readonly jobs: string;
  /** What an origin on this machine keeps: its server secret, its hashes. */
  readonly origin: string;
  /** What only this user may read: the peer identity, the control socket's last resort. */
  readonly secrets: string;
}

const { config, cache, data } = envPaths('peer-cache', { suffix: '' });

export const FOLDERS: Folders = {
  configFile: join(config, 'config.toml'),
  store: join(cache, 'store'),
  jobs: join(data, 'jobs'),
  origin: join(data, 'origin'),
  secrets: join(data, 'private'),
};
