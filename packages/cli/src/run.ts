import { createProgram } from './program.ts';
import { runProgram } from './run-program.ts';

/** Runs any command line and returns the exit code. */
export async function run(argv: readonly string[]): Promise<number> {
  return await runProgram(createProgram, argv);
}
