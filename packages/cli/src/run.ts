import { CommanderError } from 'commander';
import { UsageError } from './errors.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import { createProgram } from './program.ts';
import { reportError } from './report-error.ts';

/** Runs any command line and returns the exit code. */
export async function run(argv: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = createProgram((code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    // Help and version are told by "errors" of this exit code.
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok;
    const reported = error instanceof CommanderError ? usageErrorOf(error) : error;
    reportError(reported);
    return exitCodeOf(reported);
  }
}

function usageErrorOf(error: CommanderError): UsageError {
  if (error.code === 'commander.help') {
    return new UsageError('no command was given; peer-cache --help lists them');
  }
  return new UsageError(error.message.replace(/^error: /, '').replaceAll(/\s*\n\s*/g, ' '));
}
