import type { ConfigFacts, FolderFacts } from './config-facts.ts';
import type { Config } from './config.ts';

/** What is to be said of one part of a configuration in its surroundings. */
export interface ConfigFinding {
  readonly level: 'ok' | 'warning' | 'error';
  /** Stable. */
  readonly code: string;
  /** For people: what it is, and what they can do. */
  readonly text: string;
}

/** What a right configuration still runs into on this machine; the errors first. */
export function checkConfig(config: Config, facts: ConfigFacts): ConfigFinding[] {
  const findings = [
    ...facts.folders.flatMap(folderFindings),
    ...commandFindings(config, facts),
    ...webhookFindings(config),
    secretsFinding(facts),
    ...lingeringFindings(facts),
  ];
  const order = ['error', 'warning', 'ok'];
  return findings.toSorted((a, b) => order.indexOf(a.level) - order.indexOf(b.level));
}

function folderFindings({
  key,
  path,
  isWritable,
  networkFileSystem,
}: FolderFacts): ConfigFinding[] {
  if (!isWritable) {
    const text = `${key}: this user can't write to ${path}; change its rights, or name another`;
    return [{ level: 'error', code: 'FOLDER_NOT_WRITABLE', text }];
  }
  if (networkFileSystem !== undefined) {
    const why = 'its files may be damaged there by a lost connection or a second machine';
    const text = `${key}: ${path} is on ${networkFileSystem}; ${why}; use a disk of this machine`;
    return [{ level: 'warning', code: 'FOLDER_ON_NETWORK', text }];
  }
  return [{ level: 'ok', code: 'FOLDER', text: `${key}: ${path} can be written to` }];
}

function commandFindings(config: Config, { commandProblems }: ConfigFacts): ConfigFinding[] {
  return Object.entries(config.notify).flatMap(([name, target]): ConfigFinding[] => {
    if (target.kind !== 'command') return [];
    const problem = commandProblems.get(target.path);
    const key = `notify.${name}.command`;
    return problem === undefined
      ? [{ level: 'ok', code: 'NOTIFY_COMMAND', text: `${key}: ${target.path} may be started` }]
      : [{ level: 'error', code: 'NOTIFY_COMMAND', text: `${key}: ${problem}` }];
  });
}

/** On this machine nobody listens in. */
function webhookFindings({ notify }: Config): ConfigFinding[] {
  return Object.entries(notify).flatMap(([name, target]): ConfigFinding[] => {
    if (target.kind !== 'webhook' || !target.url.startsWith('http:')) return [];
    const { hostname } = new URL(target.url);
    if (/^(?:localhost|127\..*|\[::1\])$/.test(hostname)) return [];
    const text = `notify.${name}.webhook: news of jobs cross the network unencrypted; use https:`;
    return [{ level: 'warning', code: 'NOTIFY_UNENCRYPTED', text }];
  });
}

function secretsFinding({ hasSecretsKey }: ConfigFacts): ConfigFinding {
  if (hasSecretsKey) {
    return { level: 'ok', code: 'SECRETS_ENCRYPTED', text: 'secrets of jobs are kept encrypted' };
  }
  const text =
    'secrets of jobs are kept unencrypted, in files that only this user can read: there is no key for them (systemd-creds)';
  return { level: 'warning', code: 'SECRETS_PLAIN', text };
}

function lingeringFindings({ isLingering, userName }: ConfigFacts): ConfigFinding[] {
  if (isLingering === undefined) return [];
  if (isLingering) {
    return [{ level: 'ok', code: 'LINGERING', text: 'jobs go on when this user logs off' }];
  }
  const text = `jobs pause when this user logs off; to go on, run: loginctl enable-linger ${userName}`;
  return [{ level: 'ok', code: 'NOT_LINGERING', text }];
}
