import type { Log } from '@peer-cache/core';
import type { ServerCounters, ServerEventEmitter } from './counters.ts';
import { createServer } from './create-server.ts';
import type { RequestHandler, ServerParts } from './create-server.ts';
import { ListenFailedError } from './errors.ts';
import { resolveLimits } from './limits.ts';
import type { ServerLimits } from './limits.ts';
import { openListener } from './listener.ts';
import type { ListenAddress, Listener } from './listener.ts';

export interface ServerOptions {
  /** Where to listen, and nowhere else. */
  readonly addresses: readonly ListenAddress[];
  readonly limits?: Partial<ServerLimits>;
}

/** Gives what the store holds to peers that prove to know it. */
export class PeerServer implements AsyncDisposable {
  readonly #handler: RequestHandler;
  readonly #log: Log;
  readonly #limits: ServerLimits;
  readonly #listeners = new Map<string, Listener>();
  /** One change of addresses at a time. */
  #lastChange: Promise<unknown> = Promise.resolve();
  #isEnding = false;

  /** For {@link startServer}. */
  constructor(handler: RequestHandler, log: Log, limits: ServerLimits) {
    this.#handler = handler;
    this.#log = log;
    this.#limits = limits;
  }

  get events(): ServerEventEmitter {
    return this.#handler.counters.events;
  }

  /** Where it listens now, with real ports. */
  get addresses(): readonly ListenAddress[] {
    return Array.from(this.#listeners.values(), ({ address }) => address);
  }

  /**
   * Listens on these addresses from now on; those that stay are not disturbed. Addresses that
   * can't be listened on (an interface that went away meanwhile) come back as errors, and are
   * tried again by the next call.
   */
  async setAddresses(addresses: readonly ListenAddress[]): Promise<readonly ListenFailedError[]> {
    const change = this.#lastChange.then(() => this.#change(this.#isEnding ? [] : addresses));
    this.#lastChange = change.catch(() => undefined);
    return change;
  }

  /**
   * Has answers take so much of their limit from now on, from 0 to 1: who asks beyond is told to
   * come back. Some are given however little it is, and what is under way stays.
   */
  allow(share: number): void {
    this.#handler.allow(share);
  }

  counters(): ServerCounters {
    return this.#handler.snapshot();
  }

  /** Answers what it has read of requests, within a second, and stops. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isEnding = true;
    await this.setAddresses([]);
    await this.#handler[Symbol.asyncDispose]();
  }

  async #change(addresses: readonly ListenAddress[]): Promise<readonly ListenFailedError[]> {
    const wanted = new Map(addresses.map((address) => [nameOf(address), address]));
    const gone = [...this.#listeners].filter(([name]) => !wanted.has(name));
    for (const [name] of gone) this.#listeners.delete(name);
    await Promise.all(gone.map(([, listener]) => listener[Symbol.asyncDispose]()));
    const failures: ListenFailedError[] = [];
    for (const [name, address] of wanted) {
      if (!this.#listeners.has(name)) failures.push(...(await this.#listen(name, address)));
    }
    return failures;
  }

  async #listen(name: string, address: ListenAddress): Promise<readonly ListenFailedError[]> {
    try {
      const parts = { handler: this.#handler, log: this.#log };
      const listener = await openListener(address, parts, this.#limits);
      this.#listeners.set(name, listener);
      this.#log.info(listener.address, 'serving peers');
      return [];
    } catch (error) {
      if (!(error instanceof ListenFailedError)) throw error;
      this.#log.warn({ ...address, error }, 'cannot serve peers here');
      return [error];
    }
  }
}

/**
 * Starts serving peers on the given addresses.
 *
 * @throws {ListenFailedError} when one of them can't be listened on
 * @throws {RangeError} for an address that is no IP literal, or a limit that is none
 */
export async function startServer(
  parts: ServerParts,
  { addresses, limits }: ServerOptions,
): Promise<PeerServer> {
  const resolved = resolveLimits(limits);
  await using stack = new AsyncDisposableStack();
  const handler = await createServer(parts, resolved);
  const server = stack.use(new PeerServer(handler, parts.log, resolved));
  const [failure] = await server.setAddresses(addresses);
  if (failure !== undefined) throw failure;
  stack.move();
  return server;
}

/** What a wanted address goes by; the real port may differ. */
function nameOf({ host, port }: ListenAddress): string {
  return `${host} ${port}`;
}
