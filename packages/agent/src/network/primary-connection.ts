import type { BusSession } from './bus-session.ts';

/** What NetworkManager tells of the connection that the default route goes over. */
export interface PrimaryConnection {
  /** Of the machine; those of a modem have one for control and one for traffic. */
  readonly interfaceNames: readonly string[];
  /** Absent for anything but Wi-Fi. */
  readonly ssid: string | undefined;
  /** Undefined where NetworkManager does not know. */
  readonly isMetered: boolean | undefined;
  readonly isRoaming: boolean;
}

type Properties = Readonly<Record<string, unknown>>;
type PropertySource = Pick<BusSession, 'properties'>;

const NETWORK_MANAGER = 'org.freedesktop.NetworkManager';
const MODEM_MANAGER = 'org.freedesktop.ModemManager1';
const MODEM_3GPP: string = `${MODEM_MANAGER}.Modem.Modem3gpp`;
const MODEM_PATH = /^\/org\/freedesktop\/ModemManager1\/Modem\/\d+$/;
/** Of `NMMetered`: that it is, as somebody said and as NetworkManager guesses; that it is not. */
const METERED: readonly unknown[] = [1, 3];
const NOT_METERED: readonly unknown[] = [2, 4];
/** Of `NMDeviceType`. */
const MODEM = 8;
/** Of `MMModem3gppRegistrationState`: roaming, for SMS only, and without fallback to circuits. */
const ROAMING: readonly unknown[] = [5, 7, 10];

/**
 * What makes it worth to read the primary connection again. Not every change of an access point,
 * whose signal is another every few seconds.
 */
export const CONNECTION_SIGNALS: readonly string[] = [
  ...[NETWORK_MANAGER, MODEM_MANAGER].map(
    (name) => `${fromBus("sender='org.freedesktop.DBus'", 'NameOwnerChanged')},arg0='${name}'`,
  ),
  `${changesOf(NETWORK_MANAGER)},path='/org/freedesktop/NetworkManager'`,
  `${changesOf(MODEM_MANAGER)},arg0='${MODEM_3GPP}'`,
];

/**
 * Asks NetworkManager; undefined when it has no connection, or none yet.
 *
 * @throws when it does not answer, as it can't where it does not run
 */
export async function readPrimaryConnection(
  bus: PropertySource,
): Promise<PrimaryConnection | undefined> {
  const manager = await bus.properties(
    { service: NETWORK_MANAGER, path: '/org/freedesktop/NetworkManager' },
    NETWORK_MANAGER,
  );
  const path = pathIn(manager['PrimaryConnection']);
  if (path === undefined) return undefined;
  const active = await detailsOf(bus, path, 'Connection.Active');
  const [devices, accessPoint] = await Promise.all([
    Promise.all(pathsIn(active['Devices']).map((device) => detailsOf(bus, device, 'Device'))),
    accessPointOf(bus, active),
  ]);
  const roaming = await Promise.all(devices.map((device) => isRoaming(bus, device)));
  const names = devices.flatMap(({ Interface, IpInterface }) => [IpInterface, Interface]);
  return {
    interfaceNames: [...new Set(names.filter(isName))],
    ssid: ssidIn(accessPoint['Ssid']),
    isMetered: isMetered(manager['Metered']),
    isRoaming: roaming.includes(true),
  };
}

async function accessPointOf(bus: PropertySource, active: Properties): Promise<Properties> {
  const path = active['Type'] === '802-11-wireless' ? pathIn(active['SpecificObject']) : undefined;
  return path === undefined ? {} : await detailsOf(bus, path, 'AccessPoint');
}

async function isRoaming(bus: PropertySource, device: Properties): Promise<boolean> {
  const { DeviceType, Udi } = device;
  if (DeviceType !== MODEM || typeof Udi !== 'string' || !MODEM_PATH.test(Udi)) return false;
  const modem = await orNothing(bus.properties({ service: MODEM_MANAGER, path: Udi }, MODEM_3GPP));
  return ROAMING.includes(modem['RegistrationState']);
}

async function detailsOf(bus: PropertySource, path: string, kind: string): Promise<Properties> {
  return await orNothing(
    bus.properties({ service: NETWORK_MANAGER, path }, `${NETWORK_MANAGER}.${kind}`),
  );
}

/** What is asked for may be gone by now; then the change that it went with is told as well. */
async function orNothing(reading: Promise<Properties>): Promise<Properties> {
  try {
    return await reading;
  } catch {
    return {};
  }
}

function isMetered(value: unknown): boolean | undefined {
  if (METERED.includes(value)) return true;
  return NOT_METERED.includes(value) ? false : undefined;
}

/** An SSID is any 32 bytes; nearly all are text, and only those can be configured. */
function ssidIn(value: unknown): string | undefined {
  return value instanceof Uint8Array && value.length > 0
    ? new TextDecoder().decode(value)
    : undefined;
}

/** D-Bus has `/` for no object. */
function pathIn(value: unknown): string | undefined {
  return typeof value === 'string' && value.startsWith('/') && value !== '/' ? value : undefined;
}

function pathsIn(value: unknown): string[] {
  return Array.isArray(value) ? value.flatMap((each) => pathIn(each) ?? []) : [];
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function changesOf(service: string): string {
  const sender = `sender='${service}',interface='org.freedesktop.DBus.Properties'`;
  return fromBus(sender, 'PropertiesChanged');
}

function fromBus(sender: string, member: string): string {
  return `type='signal',${sender},member='${member}'`;
}
