import { join } from 'node:path';
import { PeerCacheError } from '@peer-cache/core';
import {
  launchdPlist,
  SERVICE_USER,
  systemUnit,
  sysusersEntry,
  userUnit,
  windowsTask,
} from './service-units.ts';
import type { ServiceProgram } from './service-units.ts';

/** A service can't be installed or removed as asked. */
export class ServiceInstallError extends PeerCacheError {
  readonly code = 'SERVICE_INSTALL';
}

/** `user`: the agent of this user, while logged on. `system`: the machine's agent. */
export type ServiceKind = 'user' | 'system';

export interface InstallRequest {
  readonly kind: ServiceKind;
  /** Whether a user's agent runs while that user is not logged on, too. */
  readonly always: boolean;
  readonly program: ServiceProgram;
}

export interface UninstallRequest {
  readonly kind: ServiceKind;
  /** Whether the store, the jobs and the identity go as well. */
  readonly deleteData: boolean;
}

/** What a plan depends on. */
export interface ServiceHost {
  readonly platform: NodeJS.Platform;
  /** Whether systemd is process 1. */
  readonly hasSystemd: boolean;
  readonly userId: number;
  readonly userName: string;
  readonly homeFolder: string;
  /** Where this user's configuration lies, of all programs. */
  readonly configFolder: string;
  /** What this user's agent keeps. */
  readonly dataFolders: readonly string[];
  /** Another folder than `/` in which a system is being made: nothing is started there. */
  readonly root?: string | undefined;
  /** The text of a file that may be there. */
  readonly read: (path: string) => string | undefined;
}

export type ServiceStep =
  | { readonly step: 'write'; readonly path: string; readonly text: string }
  | { readonly step: 'remove'; readonly path: string }
  | { readonly step: 'run'; readonly command: string; readonly args: readonly string[] }
  | { readonly step: 'tell'; readonly text: string };

const UNIT = 'peer-cache.service';
const TASK = 'peer-cache';
/** `ProtectHome=yes` and `PrivateTmp=yes` hide these from the service itself. */
const HIDDEN_FROM_SERVICE = /^\/(?:home|root|run\/user|tmp|var\/tmp)(?:\/|$)/;
/** systemd takes no such path as a program. */
const NO_PROGRAM = /["'\\$*?[\]]/;

/**
 * What installing takes: doing it again changes nothing but what another version does differently.
 *
 * @throws {ServiceInstallError} where it can't be done
 */
export function planInstall(request: InstallRequest, host: ServiceHost): ServiceStep[] {
  const files = serviceFiles(request, host);
  const writes = files
    .filter(({ path, text }) => host.read(path) !== text)
    .map(({ path, text }) => ({ step: 'write' as const, path, text }));
  const isUpdate = writes.some(({ path }) => host.read(path) !== undefined);
  return [...writes, ...startSteps(request, host, isUpdate)];
}

/**
 * What removes what installing wrote; data stays unless it is to be deleted.
 *
 * @throws {ServiceInstallError} where it can't be done
 */
export function planUninstall(request: UninstallRequest, host: ServiceHost): ServiceStep[] {
  const paths = servicePaths(request.kind, host);
  const present = paths.filter((path) => host.read(path) !== undefined);
  const data = request.kind === 'system' ? systemData(host) : host.dataFolders;
  return [
    ...(present.length > 0 ? stopSteps(request.kind, host) : []),
    ...present.map((path) => ({ step: 'remove' as const, path })),
    ...(present.length > 0 ? reloadSteps(request.kind, host) : []),
    ...(request.deleteData ? data.map((path) => ({ step: 'remove' as const, path })) : []),
    ...leftovers(request.kind, host),
  ];
}

/** A step as a person would write it. */
export function shownStep(step: ServiceStep): string {
  if (step.step === 'run') return [step.command, ...step.args].join(' ');
  if (step.step === 'tell') return step.text;
  return `${step.step} ${step.path}`;
}

function serviceFiles(
  { kind, program }: InstallRequest,
  host: ServiceHost,
): { path: string; text: string }[] {
  const [path = '', sysusersPath = ''] = servicePaths(kind, host);
  if (host.platform === 'darwin') {
    const logPath = join(host.homeFolder, 'Library/Logs/peer-cache.log');
    return [{ path, text: launchdPlist(program, { logPath }) }];
  }
  if (host.platform === 'win32') return [{ path, text: windowsTask(program, host) }];
  checkProgram(kind, program);
  if (kind === 'user') return [{ path, text: userUnit(program) }];
  return [
    { path: sysusersPath, text: sysusersEntry() },
    { path, text: systemUnit(program) },
  ];
}

/** The service's own file first. */
function servicePaths(kind: ServiceKind, host: ServiceHost): string[] {
  const { platform, userId, root } = host;
  if (platform === 'darwin' || platform === 'win32') {
    if (kind === 'system') throw new ServiceInstallError("a machine's agent needs systemd");
    return platform === 'darwin'
      ? [join(host.homeFolder, 'Library/LaunchAgents/peer-cache.agent.plist')]
      : [join(host.configFolder, 'peer-cache', 'task.xml')];
  }
  if (platform !== 'linux') throw new ServiceInstallError(`no services are known on ${platform}`);
  if (kind === 'user') return [join(host.configFolder, 'systemd/user', UNIT)];
  if (root === undefined && userId !== 0) {
    throw new ServiceInstallError("the machine's agent is installed by root; use sudo");
  }
  return [`/etc/systemd/system/${UNIT}`, '/etc/sysusers.d/peer-cache.conf'].map((path) =>
    join(root ?? '/', path),
  );
}

function checkProgram(kind: ServiceKind, { nodePath, scriptPath }: ServiceProgram): void {
  if (NO_PROGRAM.test(nodePath)) {
    throw new ServiceInstallError(`systemd can't start ${nodePath}; use a Node at another path`);
  }
  const hidden = [nodePath, scriptPath].find((path) => HIDDEN_FROM_SERVICE.test(path));
  if (kind === 'system' && hidden !== undefined) {
    const reason = 'the service sees no home folders; install Node and peer-cache for all users';
    throw new ServiceInstallError(`${hidden} can't be the machine's: ${reason}`);
  }
}

function startSteps(request: InstallRequest, host: ServiceHost, isUpdate: boolean): ServiceStep[] {
  const [path = '', sysusersPath = ''] = servicePaths(request.kind, host);
  if (host.platform === 'darwin') {
    return [
      ...(isUpdate ? stopSteps('user', host) : []),
      run('launchctl', 'bootstrap', `gui/${host.userId}`, path),
    ];
  }
  if (host.platform === 'win32') {
    return [
      run('schtasks', '/Create', '/F', '/TN', TASK, '/XML', path),
      run('schtasks', '/Run', '/TN', TASK),
    ];
  }
  const { kind, always } = request;
  return whereSystemdRuns(host, [
    ...(kind === 'system' ? [run('systemd-sysusers', ...rootOption(host), sysusersPath)] : []),
    ...reloadSteps(kind, host),
    systemctl(kind, host, 'enable', ...(host.root === undefined ? ['--now'] : []), UNIT),
    ...(isUpdate && host.root === undefined ? [systemctl(kind, host, 'restart', UNIT)] : []),
    ...(always && kind === 'user' ? [run('loginctl', 'enable-linger', host.userName)] : []),
  ]);
}

function stopSteps(kind: ServiceKind, host: ServiceHost): ServiceStep[] {
  if (host.platform === 'darwin') {
    return [run('launchctl', 'bootout', `gui/${host.userId}/peer-cache.agent`)];
  }
  if (host.platform === 'win32') return [run('schtasks', '/Delete', '/F', '/TN', TASK)];
  const now = host.root === undefined ? ['--now'] : [];
  return whereSystemdRuns(host, [systemctl(kind, host, 'disable', ...now, UNIT)]);
}

function reloadSteps(kind: ServiceKind, host: ServiceHost): ServiceStep[] {
  if (host.platform !== 'linux' || host.root !== undefined) return [];
  return host.hasSystemd ? [systemctl(kind, host, 'daemon-reload')] : [];
}

/** Elsewhere, a person is told what to run where it does. In another root it need not run. */
function whereSystemdRuns(host: ServiceHost, steps: readonly ServiceStep[]): ServiceStep[] {
  if (host.hasSystemd || host.root !== undefined) return [...steps];
  const commands = steps.map(shownStep).join(' && ');
  return [{ step: 'tell', text: `systemd does not run here; where it does, run: ${commands}` }];
}

function leftovers(kind: ServiceKind, { platform, userName, root }: ServiceHost): ServiceStep[] {
  if (platform !== 'linux' || root !== undefined) return [];
  const text =
    kind === 'system'
      ? `the user ${SERVICE_USER} stays, since files may be its own; userdel ${SERVICE_USER} removes it`
      : `lingering is left as it is; loginctl disable-linger ${userName} ends it`;
  return [{ step: 'tell', text }];
}

function systemData({ root = '/' }: ServiceHost): string[] {
  return ['var/lib', 'var/cache'].map((folder) => join(root, folder, SERVICE_USER));
}

function systemctl(kind: ServiceKind, host: ServiceHost, ...args: string[]): ServiceStep {
  const options = kind === 'user' ? ['--user'] : rootOption(host);
  return run('systemctl', ...options, ...args);
}

/** Files are still named as they are seen from outside of that root. */
function rootOption({ root }: ServiceHost): string[] {
  return root === undefined ? [] : [`--root=${root}`];
}

function run(command: string, ...args: string[]): ServiceStep {
  return { step: 'run', command, args };
}
