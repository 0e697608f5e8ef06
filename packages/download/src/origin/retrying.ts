import { setTimeout as sleep } from 'node:timers/promises';
import { OriginLane } from './origin-lane.ts';
import type { LaneOptions } from './origin-lane.ts';

const LOOK_AGAIN_MS = 50;

/** Asks again what failed transiently, as often and after such waits as OriginLane allows. */
export async function retrying<T>(
  ask: () => Promise<T>,
  { signal, ...options }: LaneOptions & { readonly signal: AbortSignal },
): Promise<T> {
  const lane = new OriginLane(() => performance.now(), options);
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      signal.throwIfAborted();
      await failedOnce(lane, error, { signal });
    }
  }
}

/** Waits until the origin may be asked again; throws when its failure is final. */
export async function failedOnce(
  lane: OriginLane,
  error: unknown,
  { signal }: { signal: AbortSignal },
): Promise<void> {
  lane.failed(error);
  if (lane.failure !== undefined) throw lane.failure;
  while (lane.mostRuns === 0) {
    signal.throwIfAborted();
    // Woken early by the signal, whose own reason says why.
    await sleep(LOOK_AGAIN_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}
