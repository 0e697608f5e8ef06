import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { ClientCertificate, Credentials, JobSecrets } from '@peer-cache/protocol';

/** Where the bytes belong, and the 32-byte key where there is one. */
export interface SecretPlace {
  readonly jobId: string;
  readonly key: Uint8Array | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

const ALGORITHM = 'aes-256-gcm';
/** Before the nonce, ciphertext and tag; without a key there is JSON only. */
const SEALED = Buffer.from('peer-cache secrets 1\n');
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Secrets as bytes: JSON, encrypted where there is a key (AES-256-GCM, bound to the job's ID). */
export function encodeSecrets(secrets: JobSecrets, { jobId, key }: SecretPlace): Buffer {
  const text = Buffer.from(JSON.stringify({ version: 1, secrets }));
  if (key === undefined) return text;
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(associatedData(jobId));
  const sealed = [cipher.update(text), cipher.final()];
  return Buffer.concat([SEALED, nonce, ...sealed, cipher.getAuthTag()]);
}

/** @throws {Error} that says why they are none, and holds nothing of them */
export function decodeSecrets(bytes: Uint8Array, place: SecretPlace): JobSecrets {
  const value = parsed(isSealed(bytes) ? opened(bytes, place) : bytes);
  const fields = fieldsOf(value);
  if (fields['version'] !== 1) throw new Error('they are of another version');
  return secretsOf(fieldsOf(fields['secrets']));
}

function isSealed(bytes: Uint8Array): boolean {
  return SEALED.equals(bytes.subarray(0, SEALED.length));
}

function opened(bytes: Uint8Array, { jobId, key }: SecretPlace): Buffer {
  if (key === undefined) throw new Error('they are encrypted, and the key peer-cache-key is gone');
  const nonceEnd = SEALED.length + NONCE_BYTES;
  const textEnd = bytes.length - TAG_BYTES;
  if (textEnd < nonceEnd) throw new Error('they are damaged');
  const nonce = bytes.subarray(SEALED.length, nonceEnd);
  const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(associatedData(jobId));
  decipher.setAuthTag(bytes.subarray(textEnd));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(nonceEnd, textEnd)), decipher.final()]);
  } catch (cause) {
    throw new Error('they are damaged, or the key is another', { cause });
  }
}

function associatedData(jobId: string): Buffer {
  return Buffer.concat([SEALED, Buffer.from(jobId)]);
}

function parsed(text: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(text).toString('utf8'));
  } catch {
    // A syntax error quotes the text, which is secret.
    throw new Error('they are damaged');
  }
}

function secretsOf(fields: Fields): JobSecrets {
  const { headers, origin, proxy, clientCertificate } = fields;
  return {
    ...(headers !== undefined && { headers: textsOf(fieldsOf(headers)) }),
    ...(origin !== undefined && { origin: credentialsOf(fieldsOf(origin)) }),
    ...(proxy !== undefined && { proxy: credentialsOf(fieldsOf(proxy)) }),
    ...(clientCertificate !== undefined && {
      clientCertificate: certificateOf(fieldsOf(clientCertificate)),
    }),
  };
}

function credentialsOf({ scheme, user, password, token }: Fields): Credentials {
  if (scheme === 'bearer') return { scheme, token: textOf(token) };
  if (scheme !== 'basic' && scheme !== 'digest') throw new Error('they are damaged');
  return { scheme, user: textOf(user), password: textOf(password) };
}

function certificateOf({ certificate, key, pfx, passphrase }: Fields): ClientCertificate {
  return {
    ...(certificate !== undefined && { certificate: textOf(certificate) }),
    ...(key !== undefined && { key: textOf(key) }),
    ...(pfx !== undefined && { pfx: textOf(pfx) }),
    ...(passphrase !== undefined && { passphrase: textOf(passphrase) }),
  };
}

function fieldsOf(value: unknown): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error('they are damaged');
  }
  return Object.fromEntries(Object.entries(value));
}

function textsOf(fields: Fields): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).map(([name, text]) => [name, textOf(text)]));
}

function textOf(value: unknown): string {
  if (typeof value !== 'string') throw new Error('they are damaged');
  return value;
}
