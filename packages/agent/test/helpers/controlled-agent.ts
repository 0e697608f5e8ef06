import { join } from 'node:path';
import { MIB, silentLog } from '@peer-cache/core';
import type { Log } from '@peer-cache/core';
import type { AgentStatus, GetEvent } from '@peer-cache/protocol';
import { createMemoryBlockStore } from '@peer-cache/store';
import type { ExecutionContext } from 'ava';
import type { ControlledAgent } from '../../src/control-routes.ts';
import { startControlServer } from '../../src/control-server.ts';
import { LogRing } from '../../src/log/log-ring.ts';
import { StoreControl } from '../../src/store-control.ts';
import { JobMap } from './job-map.ts';
import { temporaryFolder } from './temporary-folder.ts';

export const STATUS: AgentStatus = {
  version: '0.0.0',
  pid: 1,
  peerId: 'ab'.repeat(16),
  uptimeSeconds: 0,
  sharing: [],
  servedAt: [],
  peers: [{ name: '192.0.2.1:7690', receivedBytes: 5 }],
  store: { segments: 0, usedBytes: 0, limitBytes: 0 },
  received: { store: 0, peers: 0, origin: 0 },
  servedBytes: 0,
  transfers: [],
};
export const STARTED: GetEvent = { event: 'started', isShared: false };
export const FAILED: GetEvent = {
  event: 'failed',
  code: 'NONE',
  message: 'none',
  transient: false,
};

/** An agent with no jobs, an empty store and nothing to fetch, but for what a test gives it. */
export function emptyAgent(parts: Partial<ControlledAgent> = {}): ControlledAgent {
  return {
    jobs: new JobMap(),
    cache: new StoreControl(createMemoryBlockStore({}, { limitBytes: 64 * MIB })),
    status: () => STATUS,
    async *get() {
      yield STARTED;
      yield FAILED;
    },
    async *stream() {
      yield Buffer.from('content');
      yield FAILED;
    },
    ...parts,
  };
}

export interface ServedParts extends Partial<ControlledAgent> {
  readonly log?: Log;
  readonly records?: LogRing;
  readonly requestTimeoutMs?: number;
}

/** Serves until the test is over; returns where. */
export async function serveControl(
  t: ExecutionContext,
  { log = silentLog, records = new LogRing(), requestTimeoutMs, ...agent }: ServedParts = {},
): Promise<string> {
  const socketPath = join(await temporaryFolder(t), 'run', 'control.sock');
  const server = await startControlServer(
    { agent: emptyAgent(agent), log, records },
    { socketPath, ...(requestTimeoutMs !== undefined && { requestTimeoutMs }) },
  );
  t.teardown(() => server[Symbol.asyncDispose]());
  return socketPath;
}
