import { realpath } from 'node:fs/promises';
import process from 'node:process';
import {
  installService,
  planInstall,
  planUninstall,
  shownStep,
  thisHost,
  uninstallService,
} from '@peer-cache/agent';
import { UsageError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { printable } from '../format.ts';
import { say } from '../terminal.ts';

export interface ServiceOptions {
  readonly system?: boolean;
  readonly user?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

type Steps = ReturnType<typeof planInstall>;

/** `peer-cache service install`: has the system start the agent; tells each step. */
export async function serviceInstall(
  options: ServiceOptions & { readonly always?: boolean },
): Promise<ExitCode> {
  const kind = kindOf(options);
  const { always = false, dryRun = false } = options;
  if (always && kind === 'system') {
    throw new UsageError('--system runs always by itself; leave --always out');
  }
  const [, script = ''] = process.argv;
  const program = { nodePath: process.execPath, scriptPath: await realpath(script) };
  const request = { kind, always, program };
  tellSteps(dryRun ? planInstall(request, thisHost()) : await installService(request), options);
  return EXIT.ok;
}

/** `peer-cache service uninstall`: takes it back; with `--delete-data` what the agent keeps, too. */
export async function serviceUninstall(
  options: ServiceOptions & { readonly deleteData?: boolean },
): Promise<ExitCode> {
  const { deleteData = false, dryRun = false } = options;
  const request = { kind: kindOf(options), deleteData };
  tellSteps(dryRun ? planUninstall(request, thisHost()) : await uninstallService(request), options);
  return EXIT.ok;
}

function kindOf({ system = false, user = false }: ServiceOptions): 'system' | 'user' {
  if (system && user) throw new UsageError('--system and --user: one of them will do');
  return system ? 'system' : 'user';
}

function tellSteps(steps: Steps, { dryRun = false, json = false }: ServiceOptions): void {
  if (json) return say(JSON.stringify(steps));
  if (steps.length === 0) return say('nothing to do: it is as it should be');
  const would = dryRun ? 'would ' : '';
  for (const step of steps) {
    const prefix = { tell: '', run: `${would}run: `, write: would, remove: would }[step.step];
    say(prefix + printable(shownStep(step)));
  }
}
