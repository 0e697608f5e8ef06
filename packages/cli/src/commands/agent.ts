import process from 'node:process';
import { controlSocketPath, readConfig, runAgent } from '@peer-cache/agent';
import { EXIT } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';

export interface AgentCommandOptions {
  readonly config?: string;
  readonly set?: readonly string[];
}

/** `peer-cache agent`: runs the agent of this user until it is told to stop. */
export async function agent({ config: file, set }: AgentCommandOptions): Promise<ExitCode> {
  await runAgent(readConfig({ file, set }), { socketPath: controlSocketPath(process.env) });
  return EXIT.ok;
}
