import { text } from 'node:stream/consumers';
import { OriginHttp } from '../../src/origin-http.ts';
import { PLAIN_TRANSPORT } from '../../src/transport.ts';
import type { Transport } from '../../src/transport.ts';

/** The HTTP of a job whose transport differs from the plain one in what the test names. */
export function jobHttp(transport: Partial<Transport> = {}): OriginHttp {
  return new OriginHttp({ transport: { ...PLAIN_TRANSPORT, ...transport } });
}

/** GETs a URL, whole; with a time limit, so that a fault ends the test and not its patience. */
export async function getText(
  http: OriginHttp,
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly text: string; readonly url: string }> {
  const response = await http.get(url, { headers, signal: AbortSignal.timeout(10_000) });
  return { status: response.status, text: await text(response.body), url: response.url };
}
