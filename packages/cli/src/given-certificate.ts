import type { ClientCertificate } from '@peer-cache/protocol';
import { UsageError } from './errors.ts';
import { readBytes, readPrivateText, readText } from './given-input.ts';

/** Options that name the files of a client certificate. */
export interface CertificateOptions {
  readonly clientCert?: string;
  readonly clientKey?: string;
  readonly clientPassphrase?: string;
}

const PFX_NAME = /\.(?:p12|pfx)$/i;
const FIRST_LINE = /^[^\r\n]*/;

/**
 * Reads a client certificate with its key: PEM, or PKCS #12 by its name. Undefined where none is
 * named.
 *
 * @throws {UsageError} when something of it is missing
 * @throws {FileUnreadableError}
 */
export async function certificateOf({
  clientCert,
  clientKey,
  clientPassphrase,
}: CertificateOptions): Promise<ClientCertificate | undefined> {
  if (clientCert === undefined) {
    const lonely = [clientKey, clientPassphrase].find((path) => path !== undefined);
    if (lonely === undefined) return undefined;
    throw new UsageError(`${lonely} has no certificate; give it with --client-cert`);
  }
  const passphrase = await passphraseOf(clientPassphrase);
  if (PFX_NAME.test(clientCert)) {
    if (clientKey !== undefined) {
      throw new UsageError(`${clientCert} has its own key; leave --client-key out`);
    }
    return { pfx: (await readBytes(clientCert)).toString('base64'), ...passphrase };
  }
  const certificate = await readText(clientCert);
  // One file may have both.
  const key = clientKey === undefined ? certificate : await readText(clientKey);
  if (!key.includes('PRIVATE KEY-----')) {
    throw new UsageError(
      `${clientKey ?? clientCert} has no private key; name its file with --client-key`,
    );
  }
  return { certificate, key, ...passphrase };
}

async function passphraseOf(path: string | undefined): Promise<{ passphrase?: string }> {
  if (path === undefined) return {};
  const [passphrase = ''] = FIRST_LINE.exec(await readPrivateText(path)) ?? [];
  if (passphrase === '') throw new UsageError(`the first line of ${path} has no passphrase`);
  return { passphrase };
}
