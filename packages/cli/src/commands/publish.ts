import { FOLDERS } from '@peer-cache/agent';
import { silentLog } from '@peer-cache/core';
import { publishFolder } from '@peer-cache/origin';
import type { PublishEvent } from '@peer-cache/origin';
import { EXIT, exitCodeOf } from '../exit-codes.ts';
import { formatBytes, formatCount, printable } from '../format.ts';
import { interruptible } from '../interruptible.ts';
import { reportError } from '../report-error.ts';
import { say, tell } from '../terminal.ts';

export interface PublishCommandOptions {
  readonly public?: boolean;
  readonly force?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** `peer-cache publish FOLDER`: writes sidecars; the exit code is that of the first failure. */
export async function publish(folder: string, options: PublishCommandOptions): Promise<number> {
  const { public: isPublic = false, force: isForced = false, dryRun: isDryRun = false } = options;
  return await interruptible(async (signal) => {
    const terms = { stateFolder: FOLDERS.origin, isPublic };
    const events = publishFolder(
      { log: silentLog },
      { folder, isForced, isDryRun, signal, ...terms },
    );
    const counts = { published: 0, unchanged: 0, removed: 0, failed: 0 };
    let exitCode: number = EXIT.ok;
    for await (const event of events) {
      counts[event.action]++;
      tellEvent(event, options);
      if (event.action === 'failed') exitCode ||= exitCodeOf(event.error);
    }
    signal.throwIfAborted();
    const { published, unchanged, removed, failed } = counts;
    const would = isDryRun ? 'would have ' : '';
    tell(
      `${would}published ${formatCount(published, 'file')}, ${unchanged} unchanged, ` +
        `${removed} sidecars removed, ${failed} failed`,
    );
    return exitCode;
  });
}

function tellEvent(event: PublishEvent, { json = false }: PublishCommandOptions): void {
  if (event.action === 'failed') {
    const { path, error } = event;
    const { code, message } = error;
    if (json) say(JSON.stringify({ action: 'failed', path, code, message }));
    reportError(error);
  } else if (json) {
    say(JSON.stringify(event));
  } else if (event.action !== 'unchanged') {
    say(
      `${event.action.padEnd(9)}  ${formatBytes(event.sizeBytes).padStart(8)}  ${printable(event.path)}`,
    );
  }
}
