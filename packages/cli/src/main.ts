import { status } from './commands/status.ts';
import { exitCodeOf } from './exit-codes.ts';
import { reportError } from './report-error.ts';

/** Commands that only ask the agent. */
const ASKING = new Set(['job', 'why', 'cache', 'peers', 'log']);

/**
 * Runs one command line (without `node` and the script) and returns the exit code.
 *
 * `status` is what scripts and panels call over and over: it loads nothing but itself, not even
 * the reader of command lines.
 */
export async function main(argv: readonly string[]): Promise<number> {
  // Whoever read as much as they wanted, as `head` does, is no failure; commands that write a file
  // there notice by themselves.
  process.stdout.on('error', () => undefined);
  const [command, ...options] = argv;
  if (command === 'status' && options.every((option) => option === '--json')) {
    try {
      return await status({ json: options.length > 0 });
    } catch (error) {
      reportError(error);
      return exitCodeOf(error);
    }
  }
  if (ASKING.has(command ?? '')) {
    const { runAsking } = await import('./run-asking.ts');
    return await runAsking(argv);
  }
  const { run } = await import('./run.ts');
  return await run(argv);
}
