import { text } from 'node:stream/consumers';
import { OriginHttp } from '@peer-cache/transport';
import aws4 from 'aws4';
import S3rver from 's3rver';
import type { PartsPlan } from '../../src/upload-journey.ts';

const BUCKET = 'bucket';
const KEYS = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' };

export interface S3Server extends AsyncDisposable {
  readonly urlOf: (key: string) => string;
  /** Begins an upload, and signs what a job needs for it, as whoever may write there does. */
  readonly planFor: (key: string, sizeBytes: number, partBytes: number) => Promise<PartsPlan>;
  readonly read: (key: string) => Promise<Buffer>;
}

/**
 * A server that speaks as S3 does, and is not ours: s3rver, on a folder. It is lenient with
 * signatures; what becomes of a bad one is the fake's to show.
 */
export async function startS3Server(folder: string): Promise<S3Server> {
  const server = new S3rver({
    address: '127.0.0.1',
    port: 0,
    directory: folder,
    silent: true,
    configureBuckets: [{ name: BUCKET }],
  });
  const { port } = await server.run();
  const host = `127.0.0.1:${port}`;
  const http = new OriginHttp();
  const signal = AbortSignal.timeout(30_000);
  const urlOf = (key: string): string => `http://${host}/${BUCKET}/${key}`;
  const signed = (method: string, key: string, query: Readonly<Record<string, string>> = {}) => {
    const search = new URLSearchParams({ ...query, 'X-Amz-Expires': '600' });
    const request = { service: 's3', region: 'us-east-1', method, host, signQuery: true };
    const { path = '' } = aws4.sign(
      { ...request, path: `/${BUCKET}/${key}?${search.toString()}` },
      KEYS,
    );
    return `http://${host}${path}`;
  };
  return {
    urlOf,
    async planFor(key, sizeBytes, partBytes) {
      const url = signed('POST', key, { uploads: '' });
      const begun = await http.send(url, { method: 'POST', headers: {}, signal });
      const [, uploadId = ''] = /<UploadId>([^<]+)</.exec(await text(begun.body)) ?? [];
      const count = Math.max(1, Math.ceil(sizeBytes / partBytes));
      return {
        partBytes,
        partUrls: Array.from({ length: count }, (_, index) =>
          signed('PUT', key, { partNumber: `${index + 1}`, uploadId }),
        ),
        completeUrl: signed('POST', key, { uploadId }),
      };
    },
    async read(key) {
      const { status, body } = await http.get(signed('GET', key), { headers: {}, signal });
      const chunks: Buffer[] = [];
      for await (const chunk of body) chunks.push(chunk);
      return status === 200 ? Buffer.concat(chunks) : Buffer.from(`HTTP ${status}`);
    },
    async [Symbol.asyncDispose]() {
      await http[Symbol.asyncDispose]();
      await server.close();
    },
  };
}
