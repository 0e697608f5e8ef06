/** The head of an answer from a peer: the few things that our own server ever says. */
export interface ResponseHead {
  readonly status: number;
  readonly contentBytes: number;
  /** Milliseconds after which a busy peer may be asked again. */
  readonly retryMs: number | undefined;
}

/** Longer heads are not from our server. */
export const MOST_HEAD_BYTES: number = 8 * 1024;

const STATUS_LINE = /^HTTP\/1\.1 (200|400|403|404|413|415|428|503)(?: |$)/;
const FIELD = /^([!#$%&'*+.^_`|~0-9a-z-]+):[ \t]*([\x20-\x7e\t]*?)[ \t]*$/i;
const NUMBER = /^\d{1,9}$/;

/**
 * Reads a response head (without its blank line) as strictly as our own server writes it: exactly
 * one Content-Length, no transfer coding, nothing folded. Undefined for anything else, since a
 * lenient reader is what request smuggling needs.
 */
export function parseResponseHead(text: string): ResponseHead | undefined {
  const [statusLine = '', ...lines] = text.split('\r\n');
  const status = STATUS_LINE.exec(statusLine)?.[1];
  if (status === undefined) return undefined;
  const fields = new Map<string, string>();
  for (const line of lines) {
    const [, name, value] = FIELD.exec(line) ?? [];
    if (name === undefined || value === undefined) return undefined;
    const key = name.toLowerCase();
    if (key === 'transfer-encoding' || (key === 'content-length' && fields.has(key))) {
      return undefined;
    }
    fields.set(key, value);
  }
  const length = fields.get('content-length');
  if (length === undefined || !NUMBER.test(length)) return undefined;
  const retry = fields.get('peer-cache-retry-ms');
  const retryMs = retry !== undefined && NUMBER.test(retry) ? Number(retry) : undefined;
  return { status: Number(status), contentBytes: Number(length), retryMs };
}
