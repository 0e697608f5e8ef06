import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';

export type Answer = (request: IncomingMessage, response: ServerResponse, count: number) => void;

export interface FaultyOrigin extends AsyncDisposable {
  readonly url: string;
  /** The requests so far. */
  readonly requests: readonly IncomingMessage[];
}

/** A real HTTP server on loopback that answers as the test says; `count` starts at 0. */
export async function startFaultyOrigin(answer: Answer): Promise<FaultyOrigin> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    answer(request, response, requests.length - 1);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Answers as an honest static server with ranges and a strong ETag does. */
export function honestly(content: () => { readonly bytes: Buffer; readonly etag: string }): Answer {
  return (request, response) => {
    const { bytes, etag } = content();
    const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
    const ifRange = request.headers['if-range'];
    response.setHeader('etag', etag);
    if (first === undefined || (ifRange !== undefined && ifRange !== etag)) {
      response.setHeader('content-length', bytes.length);
      response.end(bytes);
      return;
    }
    const startByte = Number(first);
    if (startByte >= bytes.length) {
      response.statusCode = 416;
      response.setHeader('content-range', `bytes */${bytes.length}`);
      response.end();
      return;
    }
    const endByte = last ? Math.min(Number(last) + 1, bytes.length) : bytes.length;
    response.statusCode = 206;
    response.setHeader('content-range', `bytes ${startByte}-${endByte - 1}/${bytes.length}`);
    response.setHeader('content-length', endByte - startByte);
    response.end(bytes.subarray(startByte, endByte));
  };
}

/** Begins as `answer` does and cuts the connection after so many bytes of the body. */
export function droppingAfter(dropBytes: number, answer: Answer): Answer {
  return (request, response, count) => {
    const end = response.end.bind(response);
    response.end = (body?: unknown): ServerResponse => {
      if (Buffer.isBuffer(body) && body.length > dropBytes) {
        response.write(body.subarray(0, dropBytes), () => response.socket?.destroy());
        return response;
      }
      return end(body);
    };
    answer(request, response, count);
  };
}
