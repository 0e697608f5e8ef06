import { CommanderError } from 'commander';
import type { Command } from 'commander';
import { UsageError } from './errors.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import { reportError } from './report-error.ts';

/** Makes a command line's commands; each tells its exit code. */
export type CreateProgram = (setExitCode: (code: number) => void) => Command;

/** Runs a command line with these commands and returns the exit code. */
export async function runProgram(create: CreateProgram, argv: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = create((code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    // Help and version are told by "errors" of this exit code.
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok;
    const reported = error instanceof CommanderError ? usageErrorOf(error, argv) : error;
    reportError(reported);
    return exitCodeOf(reported);
  }
}

function usageErrorOf(error: CommanderError, argv: readonly string[]): UsageError {
  if (error.code === 'commander.help') {
    const help = ['peer-cache', ...argv, '--help'].join(' ');
    return new UsageError(`no command was given; ${help} lists them`);
  }
  return new UsageError(error.message.replace(/^error: /, '').replaceAll(/\s*\n\s*/g, ' '));
}
