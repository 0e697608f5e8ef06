import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { MINUTE_MS } from '@peer-cache/core';
import { FOLDERS } from '../config/folders.ts';
import { planInstall, planUninstall, ServiceInstallError, shownStep } from './service-plan.ts';
import type { InstallRequest, ServiceHost, ServiceStep, UninstallRequest } from './service-plan.ts';

const FILE_MODE = 0o644;
const TIME_LIMIT_MS = MINUTE_MS;
const runFile = promisify(execFile);

/**
 * Installs the agent as a service and starts it; again, it brings the service up to date.
 *
 * @returns what was done
 * @throws {ServiceInstallError} for what can't be done, or a program that failed at it
 */
export async function installService(
  request: InstallRequest,
  host: ServiceHost = thisHost(),
): Promise<ServiceStep[]> {
  const steps = planInstall(request, host);
  for (const step of steps) await take(step, host);
  return steps;
}

/**
 * Stops the service and removes what {@link installService} wrote.
 *
 * @returns what was done
 * @throws {ServiceInstallError} for what can't be done, or a program that failed at it
 */
export async function uninstallService(
  request: UninstallRequest,
  host: ServiceHost = thisHost(),
): Promise<ServiceStep[]> {
  const steps = planUninstall(request, host);
  for (const step of steps) await take(step, host);
  return steps;
}

/** What plans depend on, of this machine and this user. */
export function thisHost(): ServiceHost {
  const { username, homedir } = userInfo();
  return {
    platform: process.platform,
    // As sd_booted(3) tells it.
    hasSystemd: existsSync('/run/systemd/system'),
    userId: process.getuid?.() ?? 0,
    userName: username,
    homeFolder: homedir,
    configFolder: dirname(dirname(FOLDERS.configFile)),
    dataFolders: [FOLDERS.store, FOLDERS.jobs, FOLDERS.secrets],
    read: readOwn,
  };
}

async function take(step: ServiceStep, { platform }: ServiceHost): Promise<void> {
  if (step.step === 'write') await writeWhole(step.path, encoded(step.text, platform));
  if (step.step === 'remove') await rm(step.path, { recursive: true, force: true });
  if (step.step === 'run') await runStep(step);
}

/** Nobody ever reads half of a unit. */
async function writeWhole(path: string, bytes: Buffer): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  const file = await open(temporary, 'wx', FILE_MODE);
  try {
    await file.writeFile(bytes);
    // Whatever this process's umask leaves of the mode.
    await file.chmod(FILE_MODE);
    await file.sync();
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

async function runStep(step: Extract<ServiceStep, { step: 'run' }>): Promise<void> {
  try {
    await runFile(step.command, [...step.args], { timeout: TIME_LIMIT_MS });
  } catch (error) {
    const reason = `${shownStep(step)}: ${firstLine(error)}`;
    throw new ServiceInstallError(reason, { cause: error });
  }
}

function firstLine(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const said = 'stderr' in error && typeof error.stderr === 'string' ? error.stderr.trim() : '';
  const [line = ''] = (said === '' ? error.message : said).split('\n');
  return line;
}

/** Windows reads task descriptions in UTF-16 only. */
function encoded(text: string, platform: NodeJS.Platform): Buffer {
  return platform === 'win32' ? Buffer.from(`\uFEFF${text}`, 'utf16le') : Buffer.from(text);
}

function readOwn(path: string): string | undefined {
  try {
    const bytes = readFileSync(path);
    const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
    return isUtf16 ? bytes.toString('utf16le').slice(1) : bytes.toString('utf8');
  } catch {
    // Not there; a file that can't be read can't be replaced either, and that will tell.
    return undefined;
  }
}
