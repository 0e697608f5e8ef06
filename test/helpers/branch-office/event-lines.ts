import { once } from 'node:events';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';

export interface LiveCall {
  readonly socketPath: string;
  readonly path: string;
  /** Sent as JSON, by POST; without it this is a GET. */
  readonly body?: object | undefined;
  readonly signal: AbortSignal;
}

/** Asks a control socket for an answer that goes on, and gives its lines as they come. */
export async function openLines(call: LiveCall): Promise<AsyncIterable<string>> {
  const { socketPath, path, body, signal } = call;
  const method = body === undefined ? 'GET' : 'POST';
  const headers = body === undefined ? {} : { 'content-type': 'application/json' };
  const outgoing = request({ socketPath, path, method, headers, signal, agent: false });
  outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  const [answer]: IncomingMessage[] = await once(outgoing, 'response');
  if (answer?.statusCode !== 200) throw new Error(`${path} was answered by ${answer?.statusCode}`);
  // What comes of an answer that breaks off is told by the lines.
  outgoing.on('error', () => undefined);
  return linesOf(answer);
}

async function* linesOf(answer: IncomingMessage): AsyncGenerator<string> {
  answer.setEncoding('utf8');
  let begun = '';
  for await (const part of answer) {
    const lines = `${begun}${String(part)}`.split('\n');
    begun = lines.pop() ?? '';
    yield* lines;
  }
}
