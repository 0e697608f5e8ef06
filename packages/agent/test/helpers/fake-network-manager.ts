import { once } from 'node:events';
import { createClient } from 'dbus-native';
import type { Message, MessageBus } from 'dbus-native';

const NETWORK_MANAGER = 'org.freedesktop.NetworkManager';
const MODEM_MANAGER = 'org.freedesktop.ModemManager1';
export const MANAGER_PATH = '/org/freedesktop/NetworkManager';
const ACTIVE_PATH = `${MANAGER_PATH}/ActiveConnection/1`;
const DEVICE_PATH = `${MANAGER_PATH}/Devices/3`;
const ACCESS_POINT_PATH = `${MANAGER_PATH}/AccessPoint/7`;
const MODEM_PATH = '/org/freedesktop/ModemManager1/Modem/0';
const MODEM_3GPP = `${MODEM_MANAGER}.Modem.Modem3gpp`;
const PROPERTIES = 'org.freedesktop.DBus.Properties';
const METHOD_CALL = 1;

/** A property with its type: `['u', 1]`. */
type Variant = readonly [signature: string, value: unknown];
/** By path, then by interface, then by name. */
type Objects = Record<string, Record<string, Record<string, Variant>>>;

/** Answers on a bus as NetworkManager and ModemManager do, in real messages. */
export class FakeNetworkManager {
  readonly #objects: Objects;
  readonly #address: string;
  #bus: MessageBus | undefined;
  /** How often it was asked for anything. */
  asked = 0;

  constructor(address: string, objects: Objects) {
    this.#address = address;
    this.#objects = objects;
  }

  /** Takes its names. */
  async start(): Promise<void> {
    const bus = createClient({ busAddress: this.#address, authMethods: ['EXTERNAL'] });
    this.#bus = bus;
    bus.connection.on('error', () => undefined);
    bus.connection.on('message', (message: Message) => {
      if (message.type === METHOD_CALL && message.interface === PROPERTIES) this.asked++;
    });
    for (const [path, interfaces] of Object.entries(this.#objects)) {
      for (const name of Object.keys(interfaces)) this.#export(path, name);
    }
    await bus.requestName(MODEM_MANAGER, 0);
    await bus.requestName(NETWORK_MANAGER, 0);
  }

  /** Ends as a service does that is stopped: its names are nobody's. */
  async stop(): Promise<void> {
    const bus = this.#bus;
    this.#bus = undefined;
    if (bus === undefined || bus.connection.stream.destroyed) return;
    const closed = once(bus.connection, 'close');
    bus.connection.stream.destroy();
    await closed;
  }

  /** Changes a property and tells of it, as those do: without saying which value it has. */
  change(path: string, interfaceName: string, properties: Record<string, Variant>): void {
    Object.assign(this.#objects[path]?.[interfaceName] ?? {}, properties);
    this.#export(path, interfaceName);
    const changed = [interfaceName, [], Object.keys(properties)];
    this.#bus?.sendSignal(path, PROPERTIES, 'PropertiesChanged', 'sa{sv}as', changed);
  }

  /** Resolves when the bus has passed on what was told before. */
  async told(): Promise<void> {
    await this.#bus?.listNames();
  }

  changeManager(properties: Record<string, Variant>): void {
    this.change(MANAGER_PATH, NETWORK_MANAGER, properties);
  }

  changeModem(registrationState: number): void {
    this.change(MODEM_PATH, MODEM_3GPP, { RegistrationState: ['u', registrationState] });
  }

  #export(path: string, name: string): void {
    const entries = Object.entries(this.#objects[path]?.[name] ?? {});
    const values = Object.fromEntries(entries.map(([key, [, value]]) => [key, value]));
    const properties = Object.fromEntries(entries.map(([key, [type]]) => [key, type]));
    this.#bus?.exportInterface(values, path, { name, methods: {}, signals: {}, properties });
  }
}

export interface ConnectedBy {
  readonly metered: Variant;
  readonly type: string;
  readonly interfaceName: string;
  readonly ssid?: Uint8Array;
  /** Of `MMModem3gppRegistrationState`. */
  readonly registrationState?: number;
}

/** What NetworkManager tells of a machine with one connection. */
export function connectedBy({
  metered,
  type,
  interfaceName,
  ssid = Buffer.alloc(0),
  registrationState,
}: ConnectedBy): Objects {
  const isModem = registrationState !== undefined;
  return {
    [MANAGER_PATH]: {
      [NETWORK_MANAGER]: { Metered: metered, PrimaryConnection: ['o', ACTIVE_PATH] },
    },
    [ACTIVE_PATH]: {
      [`${NETWORK_MANAGER}.Connection.Active`]: {
        Type: ['s', type],
        Devices: ['ao', [DEVICE_PATH]],
        SpecificObject: ['o', ssid.length > 0 ? ACCESS_POINT_PATH : '/'],
      },
    },
    [DEVICE_PATH]: {
      [`${NETWORK_MANAGER}.Device`]: {
        DeviceType: ['u', isModem ? 8 : 2],
        Udi: ['s', isModem ? MODEM_PATH : '/sys/devices/pci/net/wlan0'],
        Interface: ['s', isModem ? 'cdc-wdm0' : interfaceName],
        IpInterface: ['s', interfaceName],
      },
    },
    [ACCESS_POINT_PATH]: { [`${NETWORK_MANAGER}.AccessPoint`]: { Ssid: ['ay', ssid] } },
    [MODEM_PATH]: { [MODEM_3GPP]: { RegistrationState: ['u', registrationState ?? 0] } },
  };
}
