import { EventEmitter } from 'node:events';
import { setTimeout as waitFor } from 'node:timers/promises';
import { MINUTE_MS, SECOND_MS } from '@peer-cache/core';
import type { Log } from '@peer-cache/core';
import { openBusSession } from './bus-session.ts';
import type { BusSession, BusSessionOptions } from './bus-session.ts';
import { CONNECTION_SIGNALS, readPrimaryConnection } from './primary-connection.ts';
import type { PrimaryConnection } from './primary-connection.ts';

/** Where the specification of D-Bus has the system bus, unless the environment says otherwise. */
const SYSTEM_BUS = 'unix:path=/var/run/dbus/system_bus_socket';
/** A connection to a bus that is there takes milliseconds; nobody's start waits for one that hangs. */
const FIRST_WORD_MS = SECOND_MS;
const FIRST_RETRY_MS = SECOND_MS;
const LAST_RETRY_MS: number = MINUTE_MS;
/**
 * A NetworkManager that is updated or restarted leaves its connections up and knows them again
 * within seconds. For so long what it said is taken for true: a job must not run into the bill.
 */
const REMEMBERED_MS: number = 30 * SECOND_MS;

export interface NetworkManagerParts {
  readonly log: Log;
  /** Another in tests. */
  readonly openSession?: ((options: BusSessionOptions) => Promise<BusSession>) | undefined;
  /** Waits for so many milliseconds; another in tests. */
  readonly wait?: ((delayMs: number, signal: AbortSignal) => Promise<void>) | undefined;
}

export interface NetworkManagerOptions {
  /** `DBUS_SYSTEM_BUS_ADDRESS`; where the specification has it, if not given. */
  readonly busAddress?: string | undefined;
}

export interface NetworkManagerEvents {
  'connection-changed': [{ readonly connection: PrimaryConnection | undefined }];
}

/**
 * Follows what NetworkManager says of the connection that is in use. That it is not there, goes and
 * comes back, or that there is no bus at all, is no error: then nothing is known.
 */
export class NetworkManagerWatch
  extends EventEmitter<NetworkManagerEvents>
  implements AsyncDisposable
{
  readonly #log: Log;
  readonly #openSession: NonNullable<NetworkManagerParts['openSession']>;
  readonly #wait: NonNullable<NetworkManagerParts['wait']>;
  readonly #address: string;
  readonly #stop = new AbortController();
  readonly #firstWord = Promise.withResolvers<void>();
  readonly #loop: Promise<void>;
  #connection: PrimaryConnection | undefined;
  #forgetting: AbortController | undefined;
  #isPresent = false;
  #failures = 0;

  /** For {@link watchNetworkManager}. */
  constructor(parts: NetworkManagerParts, { busAddress = SYSTEM_BUS }: NetworkManagerOptions) {
    super();
    const { log, openSession = openBusSession, wait = waitUnreferenced } = parts;
    this.#log = log;
    this.#openSession = openSession;
    this.#wait = wait;
    this.#address = busAddress;
    this.#loop = this.#run();
  }

  /** Undefined where nothing is known, or nothing connected. */
  get connection(): PrimaryConnection | undefined {
    return this.#connection;
  }

  /** Whether it answered the last time that it was asked. */
  get isPresent(): boolean {
    return this.#isPresent;
  }

  /** Resolves when it has answered or failed to for the first time. */
  get firstWord(): Promise<void> {
    return this.#firstWord.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#forgetting?.abort();
    this.removeAllListeners();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.#follow();
      } catch (error) {
        this.#log.debug({ err: error }, 'no word from NetworkManager');
      }
      this.#know(undefined, { isPresent: false });
      await this.#pause();
    }
  }

  /** Ends with the error of who is asked in vain: NetworkManager that hangs, a bus that is gone. */
  async #follow(): Promise<never> {
    const { signal } = this.#stop;
    let changed = Promise.withResolvers<void>();
    const onChange = (): void => changed.resolve();
    const options = { address: this.#address, signals: CONNECTION_SIGNALS, onChange, signal };
    using session = await this.#openSession(options);
    for (;;) {
      // Before it is asked: what changes while it answers is asked for again.
      changed = Promise.withResolvers();
      await this.#ask(session);
      await changed.promise;
    }
  }

  async #ask(session: BusSession): Promise<void> {
    try {
      const connection = await readPrimaryConnection(session);
      this.#failures = 0;
      this.#know(connection, { isPresent: true });
    } catch (error) {
      if (!isAbsence(error)) throw error;
      // It does not run, and the bus tells when it does.
      this.#failures = 0;
      this.#know(undefined, { isPresent: false });
    }
  }

  #know(
    connection: PrimaryConnection | undefined,
    { isPresent }: { readonly isPresent: boolean },
  ): void {
    if (this.#stop.signal.aborted) return;
    this.#isPresent = isPresent;
    this.#firstWord.resolve();
    if (connection === undefined) {
      if (this.#connection !== undefined) this.#forgetLater();
      return;
    }
    this.#forgetting?.abort();
    this.#forgetting = undefined;
    this.#take(connection);
  }

  #forgetLater(): void {
    if (this.#forgetting !== undefined) return;
    const forgetting = new AbortController();
    this.#forgetting = forgetting;
    const forget = (): void => {
      if (forgetting.signal.aborted) return;
      this.#forgetting = undefined;
      this.#take(undefined);
    };
    // Rejects when there is another word before, or this ends: then there is nothing to forget.
    this.#wait(REMEMBERED_MS, forgetting.signal).then(forget, () => undefined);
  }

  #take(connection: PrimaryConnection | undefined): void {
    if (JSON.stringify(connection) === JSON.stringify(this.#connection)) return;
    this.#connection = connection;
    this.emit('connection-changed', { connection });
  }

  async #pause(): Promise<void> {
    const delayMs = Math.min(FIRST_RETRY_MS * 2 ** this.#failures, LAST_RETRY_MS);
    this.#failures++;
    try {
      await this.#wait(delayMs, this.#stop.signal);
    } catch (error) {
      if (!this.#stop.signal.aborted) throw error;
    }
  }
}

/** Watches NetworkManager; the result knows its word from the start, if it gives it in a second. */
export async function watchNetworkManager(
  parts: NetworkManagerParts,
  options: NetworkManagerOptions = {},
): Promise<NetworkManagerWatch> {
  const watch = new NetworkManagerWatch(parts, options);
  const tooLong = new AbortController();
  await Promise.race([watch.firstWord, expired(FIRST_WORD_MS, tooLong.signal)]);
  tooLong.abort();
  return watch;
}

/** Whether the bus says that nobody has the name. */
function isAbsence(error: unknown): boolean {
  const name = error instanceof Error && 'dbusName' in error ? error.dbusName : undefined;
  return (
    name === 'org.freedesktop.DBus.Error.ServiceUnknown' ||
    name === 'org.freedesktop.DBus.Error.NameHasNoOwner'
  );
}

async function expired(ms: number, signal: AbortSignal): Promise<void> {
  await waitFor(ms, undefined, { signal }).catch(() => undefined);
}

async function waitUnreferenced(delayMs: number, signal: AbortSignal): Promise<void> {
  await waitFor(delayMs, undefined, { signal, ref: false });
}
