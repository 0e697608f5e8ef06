import process from 'node:process';
import { PeerCacheError } from '@peer-cache/core';
import { printable } from './format.ts';
import { colorsFor, tell } from './terminal.ts';

const HINTS: Readonly<Record<string, string>> = {
  AGENT_NOT_RUNNING: 'start one with: peer-cache agent (get works without one too)',
  AGENT_RUNNING: 'see what it does with: peer-cache status',
  FILE_EXISTS: 'replace it with --force, or name another file with -o',
  ORIGIN_KEEPS_CHANGING: 'something writes to the file at the origin',
  STORE_IN_USE: 'see whether an agent runs: peer-cache status',
  UNEXPECTED: 'PEER_CACHE_DEBUG=1 shows where it happened; please report it',
};

/** Tells a person what went wrong and what to do: no stack, unless PEER_CACHE_DEBUG asks for it. */
export function reportError(error: unknown): void {
  const { red, dim } = colorsFor(process.stderr);
  const code = error instanceof PeerCacheError ? error.code : 'UNEXPECTED';
  const message = error instanceof Error ? error.message : String(error);
  tell(`${red('peer-cache:')} ${printable(message)} (${code})`);
  const hint = HINTS[code];
  if (hint !== undefined) tell(dim(`  ${hint}`));
  if (process.env['PEER_CACHE_DEBUG'] !== undefined) console.error(error);
}
