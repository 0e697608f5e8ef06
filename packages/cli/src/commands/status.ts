import process from 'node:process';
import { controlSocketPath } from '@peer-cache/agent';
import { ControlClient } from '../control-client.ts';
import { EXIT } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { statusReport } from '../status-report.ts';
import { say, viewOptionsFor } from '../terminal.ts';

/** `peer-cache status`: what the agent has, does and has saved. */
export async function status({ json = false }: { readonly json?: boolean }): Promise<ExitCode> {
  const answer = await new ControlClient(controlSocketPath(process.env)).status();
  const view = viewOptionsFor(process.stdout);
  say(json ? JSON.stringify(answer) : statusReport(answer, view).join('\n'));
  return EXIT.ok;
}
