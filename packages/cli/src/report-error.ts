import process from 'node:process';
import { PeerCacheError } from '@peer-cache/core';
import { printable } from './format.ts';
import { tell, viewOptionsFor } from './terminal.ts';
import { wrapped } from './text-width.ts';

const NAME = 'peer-cache:';
const HINTS: Readonly<Record<string, string>> = {
  AGENT_NOT_RUNNING: 'start one with: peer-cache agent, or for good: peer-cache service install',
  AGENT_RUNNING: 'see what it does with: peer-cache status',
  FILE_EXISTS: 'replace it with --force (a job: --overwrite), or name another file with -o',
  ORIGIN_REFUSED: 'a job is given a password with: job set JOB --user NAME --password-stdin',
  ORIGIN_UNTRUSTED: 'a job trusts another authority with: job set JOB --ca FILE',
  JOB_AMBIGUOUS: 'see them all with: peer-cache job list',
  JOB_LIMIT: 'see what is there with: peer-cache job list',
  JOB_STATE: 'see what can be done with: peer-cache why JOB',
  ORIGIN_KEEPS_CHANGING: 'something writes to the file at the origin',
  STORE_IN_USE: 'see whether an agent runs: peer-cache status',
  UNEXPECTED: 'PEER_CACHE_DEBUG=1 shows where it happened; please report it',
};

/** Tells a person what went wrong and what to do: no stack, unless PEER_CACHE_DEBUG asks for it. */
export function reportError(error: unknown): void {
  const { columns, colors } = viewOptionsFor(process.stderr);
  const code = error instanceof PeerCacheError ? error.code : 'UNEXPECTED';
  const message = error instanceof Error ? error.message : String(error);
  const lines = wrapped(`${NAME} ${printable(message)} (${code})`, columns);
  tell(lines.join('\n').replace(NAME, colors.red));
  const hint = HINTS[code];
  if (hint !== undefined) tell(colors.dim(`  ${hint}`));
  if (process.env['PEER_CACHE_DEBUG'] !== undefined) console.error(error);
}
