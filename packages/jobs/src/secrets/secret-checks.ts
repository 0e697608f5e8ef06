import { KIB } from '@peer-cache/core';
import type { ClientCertificate, Credentials, JobSecrets, SecretNames } from '@peer-cache/protocol';
import { CertificateUnusableError, checkClientCertificate } from '@peer-cache/transport';
import { JobRequestError } from '../errors.ts';

/** [BITS LIM-07]. */
const MOST_HEADER_BYTES = 16 * KIB;
const MOST_USER_CHARACTERS = 300;
const MOST_PASSWORD_CHARACTERS = 65_535;
const MOST_CERTIFICATE_CHARACTERS = 128 * KIB;
/** What a header line adds to name and value: a colon, a space and the line's end. */
const LINE_BYTES = 4;

/** RFC 9110 §5.1 and §5.5. */
const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]+$/;
const HEADER_VALUE = /^(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?$/;
const TOKEN = /^[\x21-\x7e]+$/;
// oxlint-disable-next-line no-control-regex -- they are what must not be there (RFC 7617 §2)
const CONTROL = /[\0-\x1f\x7f]/;
/** For the connection only, ours to choose, or needed for each request in another way. */
const OURS = new Set([
  'accept-encoding',
  'connection',
  'content-length',
  'expect',
  'host',
  'if-range',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'range',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Which secrets there are, without what they are. */
export function namesOf({
  headers = {},
  origin,
  proxy,
  clientCertificate,
}: JobSecrets): SecretNames {
  return {
    headers: Object.keys(headers),
    origin: origin !== undefined,
    proxy: proxy !== undefined,
    clientCertificate: clientCertificate !== undefined,
  };
}

/**
 * What a job has after a change: each of the four is replaced by what is given; of the headers each
 * by its name, and one with an empty value is taken away, as curl has it.
 */
export function mergedSecrets(old: JobSecrets, changes: JobSecrets): JobSecrets {
  const names = new Set(Object.keys(changes.headers ?? {}).map((name) => name.toLowerCase()));
  const headers = [
    ...Object.entries(old.headers ?? {}).filter(([name]) => !names.has(name.toLowerCase())),
    ...Object.entries(changes.headers ?? {}).filter(([, value]) => value !== ''),
  ];
  const origin = changes.origin ?? old.origin;
  const proxy = changes.proxy ?? old.proxy;
  const clientCertificate = changes.clientCertificate ?? old.clientCertificate;
  return {
    ...(headers.length > 0 && { headers: Object.fromEntries(headers) }),
    ...(origin && { origin }),
    ...(proxy && { proxy }),
    ...(clientCertificate && { clientCertificate }),
  };
}

/** @throws {JobRequestError} for secrets that could not be sent, or are longer than allowed */
export function checkSecrets({ headers, origin, proxy, clientCertificate }: JobSecrets): void {
  if (headers !== undefined) checkHeaders(headers);
  if (origin !== undefined) checkCredentials(origin, 'origin');
  if (proxy !== undefined) checkCredentials(proxy, 'proxy');
  if (clientCertificate !== undefined) checkCertificate(clientCertificate);
}

function checkHeaders(headers: Readonly<Record<string, string>>): void {
  let sizeBytes = 0;
  const seen = new Set<string>();
  for (const [name, value] of Object.entries(headers)) {
    if (!HEADER_NAME.test(name)) throw new JobRequestError('a header name has odd characters');
    const lower = name.toLowerCase();
    if (OURS.has(lower)) throw new JobRequestError(`header ${name} is the agent's to set`);
    if (seen.has(lower)) throw new JobRequestError(`header ${name} is there twice`);
    if (!HEADER_VALUE.test(value)) {
      throw new JobRequestError(`the value of header ${name} has characters that can't be sent`);
    }
    seen.add(lower);
    sizeBytes += name.length + value.length + LINE_BYTES;
  }
  if (sizeBytes > MOST_HEADER_BYTES) {
    throw new JobRequestError(`headers have ${sizeBytes} bytes; at most ${MOST_HEADER_BYTES} go`);
  }
}

function checkCredentials(credentials: Credentials, target: 'origin' | 'proxy'): void {
  const refuse = (reason: string) => {
    throw new JobRequestError(`the ${target}'s ${reason}`);
  };
  if (credentials.scheme === 'bearer') {
    if (!TOKEN.test(credentials.token)) refuse("token has characters that can't be sent");
    if (credentials.token.length > MOST_HEADER_BYTES) refuse('token is longer than 16 KiB');
    return;
  }
  const { scheme, user, password } = credentials;
  if (user.length > MOST_USER_CHARACTERS) {
    refuse(`user has more than ${MOST_USER_CHARACTERS} characters`);
  }
  if (password.length > MOST_PASSWORD_CHARACTERS) {
    refuse(`password has more than ${MOST_PASSWORD_CHARACTERS} characters`);
  }
  if (CONTROL.test(user) || CONTROL.test(password))
    refuse('user or password has control characters');
  if (scheme === 'basic' && user.includes(':'))
    refuse('user has a colon, which basic can not send');
}

function checkCertificate(certificate: ClientCertificate): void {
  const texts = [certificate.certificate, certificate.key, certificate.pfx, certificate.passphrase];
  if (texts.some((text = '') => text.length > MOST_CERTIFICATE_CHARACTERS)) {
    throw new JobRequestError('the client certificate is longer than 128 KiB');
  }
  try {
    checkClientCertificate(certificate);
  } catch (cause) {
    if (!(cause instanceof CertificateUnusableError)) throw cause;
    throw new JobRequestError(cause.message, { cause });
  }
}
