import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { ControlRequestError } from '../errors.ts';
import { failureOf } from '../failure.ts';

const STATUSES: ReadonlyMap<string, readonly [status: number, reason: string]> = new Map([
  ['HPE_HEADER_OVERFLOW', [431, 'its head has more than 16 KiB']],
  ['ERR_HTTP_REQUEST_TIMEOUT', [408, 'it did not arrive in time']],
]);

/** Answers bytes that are no whole HTTP request, and ends their connection. */
export function refuseUnreadable({ code }: { readonly code?: string }, socket: Socket): void {
  if (code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, reason] = STATUSES.get(code ?? '') ?? [400, 'it is no HTTP/1.1'];
  const body = JSON.stringify(failureOf(new ControlRequestError(status, reason)));
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
