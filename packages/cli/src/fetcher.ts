import process from 'node:process';
import { controlSocketPath } from '@peer-cache/agent';
import { silentLog } from '@peer-cache/core';
import type { GetEvent, GetRequest, StreamRequest } from '@peer-cache/protocol';
import { ControlClient } from './control-client.ts';

const STDERR = 2;

/** What fetches contents: the agent that runs, or one of our own. */
export interface Fetcher extends AsyncDisposable {
  get(request: GetRequest, options: { readonly signal: AbortSignal }): AsyncIterable<GetEvent>;
  stream(
    request: StreamRequest,
    options: { readonly signal: AbortSignal },
  ): AsyncIterable<GetEvent | Uint8Array>;
}

export interface FetcherOptions {
  /** False for `--no-agent`. */
  readonly agent?: boolean;
  readonly config?: string;
  readonly set?: readonly string[];
}

/**
 * The agent of this user where one runs; else one within this process, for as long as it takes.
 * Settings on the command line mean the latter: a running agent has its own.
 */
export async function openFetcher({ agent = true, config, set }: FetcherOptions): Promise<Fetcher> {
  if (agent && config === undefined && set === undefined) {
    const client = new ControlClient(controlSocketPath(process.env));
    if (await client.isAgentRunning()) {
      return {
        get: (request, options) => client.get(request, options),
        stream: (request, options) => client.stream(request, options),
        [Symbol.asyncDispose]: async () => undefined,
      };
    }
  }
  // Loaded only here: most of the program is behind it.
  const { logTo, openInnerAgent, readConfig } = await import('@peer-cache/agent');
  const wantsLog = process.env['PEER_CACHE_DEBUG'] !== undefined;
  const log = wantsLog ? logTo(STDERR, 'debug') : silentLog;
  return await openInnerAgent({ log }, readConfig({ file: config, set }));
}
