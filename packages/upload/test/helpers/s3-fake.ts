import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { startOrigin } from '../../../transport/test/helpers/servers.ts';
import type { PartsPlan } from '../../src/upload-journey.ts';

export interface S3Fake extends AsyncDisposable {
  readonly url: string;
  readonly planOf: (sizeBytes: number, partBytes: number) => PartsPlan;
  /** What was completed. */
  readonly files: readonly Buffer[];
  readonly requests: readonly string[];
}

export interface S3FakeOptions {
  /** Answers a request itself, by returning true. */
  readonly meddle?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

/**
 * A fake, for want of a server that can be installed: multipart uploads as S3 has them by presigned
 * URLs, as much of it as an upload needs. A completion counts only with all parts in their order and
 * with their ETags, and an upload that is completed is known no more.
 */
export async function startS3Fake({ meddle = () => false }: S3FakeOptions = {}): Promise<S3Fake> {
  const parts = new Map<number, Buffer>();
  const files: Buffer[] = [];
  const requests: string[] = [];
  let isKnown = true;
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url = '' } = request;
    requests.push(`${method} ${url}`);
    if (meddle(request, response)) return;
    const query = new URL(url, 'http://fake').searchParams;
    if (query.get('signature') !== 'good') {
      response.writeHead(403).end(errorOf('AccessDenied'));
      return;
    }
    if (!isKnown) {
      request.resume();
      response.writeHead(404).end(errorOf('NoSuchUpload'));
      return;
    }
    if (method === 'PUT') {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const bytes = Buffer.concat(chunks);
      parts.set(Number(query.get('partNumber')), bytes);
      response.writeHead(200, { etag: etagOf(bytes) }).end();
      return;
    }
    const said = (await text(request)).replaceAll('&quot;', '"');
    const named = [...said.matchAll(/<PartNumber>(\d+)<\/PartNumber><ETag>([^<]+)<\/ETag>/g)];
    const isRight = named.every(([, number, etag], index) => {
      const bytes = parts.get(index + 1);
      return Number(number) === index + 1 && bytes !== undefined && etag === etagOf(bytes);
    });
    if (!isRight || named.length !== parts.size) {
      // S3 answers 200 before it knows.
      response.writeHead(200).end(errorOf('InvalidPart'));
      return;
    }
    isKnown = false;
    files.push(
      Buffer.concat(named.map(([, number]) => parts.get(Number(number)) ?? Buffer.alloc(0))),
    );
    response.writeHead(200).end('<CompleteMultipartUploadResult/>');
  };
  // What is cut is meant to be.
  const server = await startOrigin((...call) => void answer(...call).catch(() => undefined));
  const url = `${server.url}/bucket/key`;
  const signed = 'uploadId=1&signature=good';
  return {
    url,
    planOf: (sizeBytes, partBytes) => ({
      partBytes,
      partUrls: Array.from(
        { length: Math.max(1, Math.ceil(sizeBytes / partBytes)) },
        (_, index) => `${url}?partNumber=${index + 1}&${signed}`,
      ),
      completeUrl: `${url}?${signed}`,
    }),
    files,
    requests,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function etagOf(bytes: Buffer): string {
  return `"${createHash('md5').update(bytes).digest('hex')}"`;
}

function errorOf(code: string): string {
  return `<?xml version="1.0"?><Error><Code>${code}</Code></Error>`;
}
