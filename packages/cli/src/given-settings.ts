import { resolve } from 'node:path';
import type {
  CostPolicy,
  JobPriority,
  ProxyUse,
  RedirectPolicy,
  SettingChanges,
  TransportSettings,
} from '@peer-cache/protocol';
import { UsageError } from './errors.ts';
import { readBytes } from './given-input.ts';

/** Options that set what can be set on a job. */
export interface SettingOptions {
  readonly name?: string;
  readonly description?: string;
  readonly priority?: JobPriority;
  readonly retryDelay?: number;
  readonly progressTimeout?: number;
  readonly maxTime?: number;
  readonly autoComplete?: boolean;
  readonly overwrite?: boolean;
  readonly sharing?: boolean;
  readonly notify?: readonly string[];
  /** Bytes per second. */
  readonly limit?: number | 'none';
  readonly costPolicy?: CostPolicy | 'default';
  readonly redirects?: RedirectPolicy;
  readonly allowHttp?: boolean;
  readonly proxy?: string;
  readonly proxyBypass?: readonly string[];
  readonly ca?: string;
}

/** What a job has that nothing was said about. */
export const USUAL_TRANSPORT: TransportSettings = {
  proxy: { use: 'environment' },
  redirects: 'follow',
  allowHttp: false,
};

/** The settings that options name; the others are left as they are. */
export function settingsOf(options: SettingOptions): Omit<SettingChanges, 'transport'> {
  const { name, description, priority, autoComplete, overwrite, sharing, notify } = options;
  const { retryDelay, progressTimeout, maxTime, limit, costPolicy } = options;
  return {
    ...(name === undefined ? {} : { name }),
    ...(description === undefined ? {} : { description }),
    ...(priority === undefined ? {} : { priority }),
    ...(retryDelay === undefined ? {} : { minimumRetryDelaySeconds: retryDelay }),
    ...(progressTimeout === undefined ? {} : { noProgressTimeoutSeconds: progressTimeout }),
    ...(maxTime === undefined ? {} : { maximumDownloadSeconds: maxTime }),
    ...(autoComplete === undefined ? {} : { autoComplete }),
    ...(overwrite === undefined ? {} : { overwrite }),
    ...(sharing === undefined ? {} : { sharing }),
    ...(notify === undefined ? {} : { notify }),
    ...(limit === undefined ? {} : { limit }),
    ...(costPolicy === undefined ? {} : { costPolicy }),
  };
}

/** Whether options say anything of how a job reaches its origins. */
export function hasTransport(options: SettingOptions): boolean {
  const { redirects, allowHttp, proxy, proxyBypass, ca } = options;
  return [redirects, allowHttp, proxy, proxyBypass, ca].some((option) => option !== undefined);
}

/**
 * How a job reaches its origins: as before but for what options say.
 *
 * @throws {UsageError} for a proxy that is none
 */
export function transportOf(
  { redirects, allowHttp, proxy, proxyBypass, ca }: SettingOptions,
  before: TransportSettings,
): TransportSettings {
  return {
    ...before,
    proxy: proxyOf(proxy, proxyBypass, before.proxy),
    ...(redirects === undefined ? {} : { redirects }),
    ...(allowHttp === undefined ? {} : { allowHttp }),
    ...(ca === undefined ? {} : { caFile: resolve(ca) }),
  };
}

/**
 * Reads what options name once: the agent would tell of it when nobody looks any more.
 *
 * @throws {FileUnreadableError}
 */
export async function checkAuthorities({ ca }: SettingOptions): Promise<void> {
  if (ca !== undefined) await readBytes(ca);
}

function proxyOf(
  proxy: string | undefined,
  bypass: readonly string[] | undefined,
  before: ProxyUse,
): ProxyUse {
  if (proxy === 'none' || proxy === 'environment') {
    if (bypass === undefined) return { use: proxy };
    throw new UsageError(`--proxy-bypass makes no sense with --proxy ${proxy}`);
  }
  const earlier = before.use === 'explicit' ? before : undefined;
  const url = proxy === undefined ? earlier?.url : checkProxy(proxy);
  if (url !== undefined) {
    return { use: 'explicit', url, bypass: bypass ?? earlier?.bypass ?? [] };
  }
  if (bypass !== undefined) throw new UsageError('--proxy-bypass needs --proxy URL');
  return before;
}

function checkProxy(text: string): string {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new UsageError('--proxy expects an http: or https: URL, none or environment');
  }
  if (url.username !== '' || url.password !== '') {
    throw new UsageError(
      '--proxy has a user or password in it, which others can see; use --proxy-user NAME with --password-stdin',
    );
  }
  return text;
}
