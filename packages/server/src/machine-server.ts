import { MACHINE_FIND_PATH, MACHINE_KEEP_PATH } from '@peer-cache/protocol';
import type { ServerCounters } from './counters.ts';
import { createServer } from './create-server.ts';
import type { ServerParts } from './create-server.ts';
import { addFindRoute } from './find-route.ts';
import type { LanFinder } from './find-route.ts';
import { addKeepRoute } from './keep-route.ts';
import { resolveLimits } from './limits.ts';
import type { ServerLimits } from './limits.ts';
import { openLocalListener } from './listener.ts';

export type { LanFinder } from './find-route.ts';

export interface MachineServerParts extends ServerParts {
  /** Asks the LAN on behalf of the users' agents. */
  readonly finder: LanFinder;
  /** Milliseconds since 1970: the clock on the wall. */
  readonly wallNow?: () => number;
}

/** Serves the users of this machine while it exists. */
export interface MachineServer extends AsyncDisposable {
  counters(): ServerCounters;
}

/**
 * Starts serving the agents of this machine's users on a Unix socket: what the store holds, as to
 * any peer and for the same proofs; a place for what they fetched; and the LAN's answers.
 *
 * @throws {ListenFailedError} when something is at the path already, or nothing can be put there
 */
export async function startMachineServer(
  { finder, wallNow = Date.now, ...parts }: MachineServerParts,
  { socketPath, limits }: { readonly socketPath: string; readonly limits?: Partial<ServerLimits> },
): Promise<MachineServer> {
  const { store, log, now = () => performance.now() } = parts;
  const resolved = resolveLimits(limits);
  await using stack = new AsyncDisposableStack();
  const handler = stack.use(
    await createServer(parts, resolved, {
      paths: [MACHINE_FIND_PATH, MACHINE_KEEP_PATH],
      add(app, shared) {
        addFindRoute(app, { ...shared, finder, now });
        addKeepRoute(app, { ...shared, store, log, wallNow });
      },
    }),
  );
  stack.use(await openLocalListener(socketPath, { handler, log }, resolved));
  log.info({ socketPath }, 'serving the users of this machine');
  const running = stack.move();
  return {
    counters: () => handler.snapshot(),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
