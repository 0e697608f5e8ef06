import { X509Certificate } from 'node:crypto';
import { createSecureContext, getCACertificates } from 'node:tls';
import type { SecureContext, SecureContextOptions } from 'node:tls';
import { messageOf } from '@peer-cache/core';
import type { ClientCertificate } from '@peer-cache/protocol';
import { CertificateUnusableError } from './errors.ts';

const OWN = 'the client certificate';
const AUTHORITIES = 'the file of certificate authorities';
const CERTIFICATES = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** What is trusted and shown in TLS; undefined stands for Node's defaults, which cost nothing. */
export interface TlsContexts {
  /** For the file's own origin: with the client certificate. */
  readonly own: SecureContext | undefined;
  /** For wherever else the way leads: other origins, and proxies. */
  readonly elsewhere: SecureContext | undefined;
}

/**
 * Prepared once: reading some hundred authorities takes 25 ms, too long for each connection.
 *
 * @throws {CertificateUnusableError}
 */
export function tlsContexts({
  ca,
  clientCertificate,
}: {
  readonly ca?: string | undefined;
  readonly clientCertificate?: ClientCertificate | undefined;
}): TlsContexts {
  const trusted = ca === undefined ? {} : { ca: [...getCACertificates(), ...authoritiesIn(ca)] };
  const elsewhere = ca === undefined ? undefined : createSecureContext(trusted);
  if (clientCertificate === undefined) return { own: elsewhere, elsewhere };
  return { own: contextWith(clientCertificate, trusted), elsewhere };
}

/** @throws {CertificateUnusableError} when it is none, has another's key, or the passphrase is wrong. */
export function checkClientCertificate(certificate: ClientCertificate): void {
  contextWith(certificate, {});
}

/** @throws {CertificateUnusableError} when a text has no certificates in PEM, or damaged ones. */
export function checkAuthorities(ca: string): void {
  authoritiesIn(ca);
}

function contextWith(
  { certificate, key, pfx, passphrase }: ClientCertificate,
  trusted: SecureContextOptions,
): SecureContext {
  const isPem = certificate !== undefined && key !== undefined && pfx === undefined;
  const isPfx = pfx !== undefined && certificate === undefined && key === undefined;
  if (!isPem && !isPfx) {
    throw new CertificateUnusableError(OWN, 'it is neither a certificate with its key nor a pfx');
  }
  const own = isPfx ? { pfx: Buffer.from(pfx, 'base64') } : { cert: certificate, key };
  try {
    return createSecureContext({ ...trusted, ...own, ...(passphrase && { passphrase }) });
  } catch (cause) {
    throw new CertificateUnusableError(OWN, messageOf(cause), { cause });
  }
}

function authoritiesIn(ca: string): string[] {
  const found = ca.match(CERTIFICATES) ?? [];
  if (found.length === 0)
    throw new CertificateUnusableError(AUTHORITIES, 'it has no certificate in PEM');
  try {
    // createSecureContext passes over what it can't read.
    for (const each of found) void new X509Certificate(each);
  } catch (cause) {
    throw new CertificateUnusableError(AUTHORITIES, messageOf(cause), { cause });
  }
  return found;
}
