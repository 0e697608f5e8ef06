import type { IncomingMessage, ServerResponse } from 'node:http';
import { startOrigin } from '../../../transport/test/helpers/servers.ts';

const VERSION = '6';

/**
 * A fake, for want of a server that can be installed: resumable uploads as
 * draft-ietf-httpbis-resumable-upload-05 has them, as much of it as an upload needs. It refuses what
 * the draft does not allow.
 */
export interface IetfFake extends AsyncDisposable {
  readonly url: string;
  /** Of uploads that are complete. */
  readonly files: readonly Buffer[];
  /** What came that the draft does not allow. */
  readonly wrongs: readonly string[];
  readonly requests: readonly string[];
}

interface Upload {
  bytes: Buffer;
  isComplete: boolean;
}

/** `dropAfterBytes`: each appending request is cut by the server after so many. */
export async function startIetfFake({
  dropAfterBytes = Infinity,
}: { readonly dropAfterBytes?: number } = {}): Promise<IetfFake> {
  const uploads = new Map<string, Upload>();
  const files: Buffer[] = [];
  const wrongs: string[] = [];
  const requests: string[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url = '', headers } = request;
    requests.push(`${method} ${url}`);
    if (method === 'OPTIONS') {
      response.writeHead(204, { 'upload-limit': 'max-size=1000000000' }).end();
      return;
    }
    if (headers['upload-draft-interop-version'] !== VERSION) wrongs.push(`version of ${method}`);
    if (method === 'POST') {
      if (headers['upload-complete'] !== '?0') wrongs.push('created complete');
      const path = `/uploads/${uploads.size}`;
      uploads.set(path, { bytes: Buffer.alloc(0), isComplete: false });
      response.writeHead(201, { location: path, 'upload-complete': '?0' }).end();
      return;
    }
    const upload = uploads.get(url);
    if (upload === undefined) {
      response.writeHead(404).end();
      return;
    }
    if (method === 'PATCH') await append(upload, request, response);
    const fields = {
      'upload-offset': `${upload.bytes.length}`,
      'upload-complete': upload.isComplete ? '?1' : '?0',
    };
    if (!response.destroyed && !response.headersSent) response.writeHead(204, fields).end();
  };
  const append = async (upload: Upload, request: IncomingMessage, response: ServerResponse) => {
    const { headers } = request;
    if (headers['content-type'] !== 'application/partial-upload') wrongs.push('content type');
    if (Number(headers['upload-offset']) !== upload.bytes.length) {
      response.writeHead(409, { 'upload-offset': `${upload.bytes.length}` }).end();
      return;
    }
    let came = 0;
    for await (const chunk of request) {
      upload.bytes = Buffer.concat([upload.bytes, chunk]);
      came += chunk.length;
      if (came > dropAfterBytes) {
        request.destroy();
        return;
      }
    }
    if (headers['upload-complete'] !== '?1') return;
    upload.isComplete = true;
    files.push(upload.bytes);
  };
  // What is cut is meant to be.
  const server = await startOrigin((...call) => void answer(...call).catch(() => undefined));
  return {
    url: `${server.url}/in`,
    files,
    wrongs,
    requests,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
