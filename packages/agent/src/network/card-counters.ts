import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const INTERFACES = '/sys/class/net';

/**
 * What the system tells of a network card: bytes that it took in or sent since it was there, or its
 * speed in Mbit/s. Undefined where it does not tell: Wi-Fi and bridges have no speed, and other
 * systems than Linux no such file.
 */
export async function cardCounter(
  interfaceName: string,
  what: 'statistics/rx_bytes' | 'statistics/tx_bytes' | 'speed',
): Promise<number | undefined> {
  try {
    const value = Number(await readFile(join(INTERFACES, interfaceName, what), 'utf8'));
    return value >= 0 ? value : undefined;
  } catch {
    return undefined;
  }
}
