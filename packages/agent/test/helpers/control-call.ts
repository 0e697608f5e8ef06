import { request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';

export interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface Call {
  /** GET, or POST where there is a body. */
  readonly method?: string;
  readonly body?: string;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One request on a control socket, as any program would send it. */
export async function controlCall(
  socketPath: string,
  path: string,
  {
    body,
    method = body === undefined ? 'GET' : 'POST',
    type = 'application/json',
    headers,
  }: Call = {},
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const sent = { ...(body !== undefined && { 'content-type': type }), ...headers };
  const outgoing = request({ socketPath, path, method, headers: sent, agent: false }, (answer) => {
    let text = '';
    answer.setEncoding('utf8');
    answer.on('data', (part: string) => {
      text += part;
    });
    const { statusCode: status, headers: received } = answer;
    answer.once('end', () => resolve({ status, headers: received, text }));
    answer.once('error', reject);
  });
  outgoing.once('error', reject);
  outgoing.end(body);
  return await promise;
}

/** The same with a value for a body, and the value that comes back. */
export async function jsonCall(
  socketPath: string,
  method: string,
  path: string,
  body?: object,
): Promise<{ readonly status: number | undefined; readonly value: unknown }> {
  const call = body === undefined ? { method } : { method, body: JSON.stringify(body) };
  const { status, text } = await controlCall(socketPath, path, call);
  return { status, value: JSON.parse(text) };
}
