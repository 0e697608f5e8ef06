import { field } from './http-fields.ts';
import type { HeaderFields } from './http-fields.ts';

/** Fields of a response that may hold or help to find a secret. */
const SECRET = new Set([
  'authentication-info',
  'authorization',
  'cookie',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'set-cookie',
  'set-cookie2',
  'www-authenticate',
]);

/** The header fields of a response as they may be shown and kept, by lower-case name. */
export function shownFields(fields: HeaderFields): Record<string, string> {
  const names = Object.keys(fields).filter((name) => !SECRET.has(name.toLowerCase()));
  return Object.fromEntries(names.map((name) => [name.toLowerCase(), field(fields, name) ?? '']));
}
