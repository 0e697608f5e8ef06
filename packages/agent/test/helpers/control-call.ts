import { request } from 'node:http';

export interface Answer {
  readonly status: number | undefined;
  readonly text: string;
}

/** One request on a control socket, as any program would send it. */
export async function controlCall(
  socketPath: string,
  path: string,
  { body, type = 'application/json' }: { readonly body?: string; readonly type?: string } = {},
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const method = body === undefined ? 'GET' : 'POST';
  const headers = body === undefined ? {} : { 'content-type': type };
  const outgoing = request({ socketPath, path, method, headers, agent: false }, (answer) => {
    let text = '';
    answer.setEncoding('utf8');
    answer.on('data', (part: string) => {
      text += part;
    });
    answer.once('end', () => resolve({ status: answer.statusCode, text }));
    answer.once('error', reject);
  });
  outgoing.once('error', reject);
  outgoing.end(body);
  return await promise;
}
