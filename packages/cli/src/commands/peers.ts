import process from 'node:process';
import { controlSocketPath } from '@peer-cache/agent';
import { CacheClient } from '../cache-client.ts';
import { peersView } from '../cache-view.ts';
import { EXIT } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { say, viewOptionsFor } from '../terminal.ts';

/** `peer-cache peers`: who was found, and what they gave us. */
export async function peers({ json = false }: { readonly json?: boolean }): Promise<ExitCode> {
  const list = await new CacheClient(controlSocketPath(process.env)).peers();
  const lines = peersView(list.peers, viewOptionsFor(process.stdout));
  say(json ? JSON.stringify(list) : lines.join('\n'));
  return EXIT.ok;
}
