import { setTimeout as wait } from 'node:timers/promises';

/** Asks again and again until the answer will do, and gives it; fails after 15 seconds. */
export async function until<Value>(
  ask: () => Value | Promise<Value>,
  willDo: (value: Value) => boolean,
): Promise<Value> {
  const deadlineMs = performance.now() + 15_000;
  for (;;) {
    const value = await ask();
    if (willDo(value)) return value;
    if (performance.now() > deadlineMs) {
      throw new Error(`still not so after 15 s: ${JSON.stringify(value)}`);
    }
    await wait(20);
  }
}
