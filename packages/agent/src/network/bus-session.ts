import { MIB, SECOND_MS } from '@peer-cache/core';
import type { Message } from 'dbus-native';

/** An object of a service on the bus. */
export interface BusObject {
  readonly service: string;
  readonly path: string;
}

/** A connection to a D-Bus message bus, until it is closed from either side. */
export interface BusSession extends Disposable {
  /**
   * All properties of one interface of an object.
   *
   * @throws {Error} when the service is not there, has no such object or does not answer, and when
   * the connection is closed
   */
  properties(object: BusObject, interfaceName: string): Promise<Readonly<Record<string, unknown>>>;
}

export interface BusSessionOptions {
  /** Such as `unix:path=/run/dbus/system_bus_socket`. */
  readonly address: string;
  /** Match rules: what to be told of. */
  readonly signals: readonly string[];
  /** Something was told, or the connection was closed. */
  readonly onChange: () => void;
  /** Closes the connection, also while it is being made. */
  readonly signal: AbortSignal;
}

const ANSWER_MS = 5 * SECOND_MS;
/** What we ask for has some KiB; the bus itself may send 128 MiB. */
const MOST_MESSAGE_BYTES = MIB;
/** Of the specification: SIGNAL; NO_AUTO_START. */
const SIGNAL = 4;
const NO_AUTO_START = 2;
const TOLD_BY: readonly unknown[] = ['PropertiesChanged', 'NameOwnerChanged'];

/**
 * Connects to a bus as this user and listens to some signals. What these say is told to nobody: any
 * program may send one to us, so whoever is told of a change asks whom it concerns.
 *
 * @throws {Error} when there is no such bus, or it does not answer
 */
export async function openBusSession({
  address,
  signals,
  onChange,
  signal,
}: BusSessionOptions): Promise<BusSession> {
  // Loaded where there may be a bus, and not by commands that only ask the agent. The default, which
  // is all that a bundle exports of a CommonJS module.
  const { default: dbus } = await import('dbus-native');
  signal.throwIfAborted();
  const bus = dbus.createClient({
    busAddress: address,
    authMethods: ['EXTERNAL'],
    timeout: ANSWER_MS,
    maxMessageSize: MOST_MESSAGE_BYTES,
  });
  // Destroyed, not closed: nothing that we sent matters, and a bus that hangs would never close.
  const end = (): void => void bus.connection.stream.destroy();
  bus.connection.on('message', ({ type, member }: Message) => {
    if (type === SIGNAL && TOLD_BY.includes(member)) onChange();
  });
  bus.connection.on('close', () => {
    signal.removeEventListener('abort', end);
    onChange();
  });
  // Each call that is under way fails with it, which is enough; unheard it would end the process.
  bus.connection.on('error', () => undefined);
  signal.addEventListener('abort', end);
  try {
    await Promise.all(signals.map((rule) => bus.addMatch(rule)));
  } catch (error) {
    end();
    throw error;
  }
  return {
    async properties({ service, path }, interfaceName) {
      const answer: unknown = await bus.invoke({
        destination: service,
        path,
        interface: 'org.freedesktop.DBus.Properties',
        member: 'GetAll',
        signature: 's',
        body: [interfaceName],
        // Who is not running needn't be started only to be asked.
        flags: NO_AUTO_START,
      });
      return isRecord(answer) ? answer : {};
    },
    [Symbol.dispose]: end,
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
