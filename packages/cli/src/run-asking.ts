import type { Command } from 'commander';
import { bareProgram } from './bare-program.ts';
import { addAgentLooks, addCacheCommands } from './cache-program.ts';
import { addJobCommands } from './job-program.ts';
import { runProgram } from './run-program.ts';

/** Commands that only ask the agent: they start fast, since they load nothing of what an agent is. */
export async function runAsking(argv: readonly string[]): Promise<number> {
  return await runProgram(createAskingProgram, argv);
}

function createAskingProgram(setExitCode: (code: number) => void): Command {
  const program = bareProgram();
  addJobCommands(program, setExitCode);
  addCacheCommands(program, setExitCode);
  addAgentLooks(program, setExitCode);
  return program;
}
