import { CONTENT_INFORMATION_TYPE, encodeRoot, SEGMENT_BYTES } from '@peer-cache/core';
import { describe } from '@peer-cache/download';
import type { DescribedContent } from '@peer-cache/download';
import { OriginHttp } from '@peer-cache/transport';
import test from 'ava';
import { described, describing } from './helpers/described.ts';
import type { Described } from './helpers/described.ts';
import { honestly, startFaultyOrigin } from './helpers/faulty-origin.ts';
import type { Answer } from './helpers/faulty-origin.ts';
import { contentOf } from './helpers/parts.ts';

const what = described(contentOf(200_000));

/** Of 40 GiB: its root has 80 KiB, more than an origin is asked for at first. */
const large = ((): Described => {
  const segments = Array.from({ length: 1280 }, (_, index) => ({
    segmentHash: contentOf(32, index + 1),
    segmentSecret: contentOf(32, index + 5000),
  }));
  const sizeBytes = 1280 * SEGMENT_BYTES;
  const information = { ...what.information, sizeBytes, segments };
  const root = Buffer.from(encodeRoot(information));
  return { ...what, information, resource: root, rootBytes: root.length };
})();

async function ask(answer: Answer, hasSidecars = false): Promise<string | DescribedContent> {
  await using origin = await startFaultyOrigin(answer);
  await using http = new OriginHttp();
  const sidecarOrigins = hasSidecars ? [origin.url] : [];
  const options = { signal: AbortSignal.timeout(10_000), sidecarOrigins };
  const content = await describe(http, `${origin.url}/file`, options);
  if (content.kind === 'described') return content;
  content.response.body.destroy();
  return content.kind;
}

/** A static server with a sidecar beside the content, as nginx would be. */
function withSidecar({ resource, bytes }: Described, headers: Record<string, string> = {}): Answer {
  return (request, response, count) => {
    const isSidecar = request.url?.endsWith('.peer-cache') ?? false;
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    const file = { bytes: isSidecar ? resource : bytes, etag: '"static"' };
    honestly(() => file)(request, response, count);
  };
}

for (const [name, content] of Object.entries({ 'a short root': what, 'a root of 80 KiB': large })) {
  test(`${name} comes by Accept`, async (t) => {
    const found = await ask((request, response, count) => {
      // As our origin does: no more of the root than the range asks for.
      const [, first = '', last = ''] =
        /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
      const isCut = first === '0' && Number(last) + 1 < content.rootBytes;
      const shown = isCut ? { ...content, rootBytes: Number(last) + 1 } : content;
      describing(() => shown)(request, response, count);
    });
    t.like(found, { kind: 'described', information: { sizeBytes: content.information.sizeBytes } });
    t.like(found, { lists: { rootBytes: content.rootBytes } });
  });

  test(`${name} comes from a sidecar`, async (t) => {
    const found = await ask(withSidecar(content), true);
    t.like(found, { kind: 'described', information: { sizeBytes: content.information.sizeBytes } });
  });

  test(`${name} comes by Link`, async (t) => {
    const link = '<file.peer-cache>; rel="content-information"';
    const found = await ask(withSidecar(content, { link }));
    t.like(found, { kind: 'described', information: { sizeBytes: content.information.sizeBytes } });
  });
}

test('a sidecar is not looked for where nobody said there is one', async (t) => {
  t.is(await ask(withSidecar(what)), 'plain');
});

test('an origin without the sidecar is a plain one', async (t) => {
  const plain = honestly(() => what);
  const found = await ask((request, response, count) => {
    if (request.url === '/file') return plain(request, response, count);
    response.statusCode = 404;
    response.end();
  }, true);
  t.is(found, 'plain');
});

test('content information that is none is an error by name', async (t) => {
  const garbage = { ...what, resource: contentOf(5000), rootBytes: 300 };
  await t.throwsAsync(ask(describing(() => garbage)), {
    code: 'MALFORMED_CONTENT_INFORMATION',
  });
});

test('a Link to another origin without TLS is refused', async (t) => {
  const link = '<http://127.0.0.2:1/file.peer-cache>; rel="content-information"';
  await t.throwsAsync(ask(withSidecar(what, { link })), { code: 'REDIRECT_REFUSED' });
});

const cutting: Answer = (request, response) => {
  response.writeHead(206, {
    'content-type': CONTENT_INFORMATION_TYPE,
    'content-length': large.rootBytes,
    'content-range': `bytes 0-${large.rootBytes - 1}/${large.rootBytes}`,
  });
  response.write(large.resource.subarray(0, 1000), () => request.socket.destroy());
};

test('content information that is cut short by its origin may come another time', async (t) => {
  await t.throwsAsync(ask(cutting), { code: 'ORIGIN_CUT_SHORT' });
});
