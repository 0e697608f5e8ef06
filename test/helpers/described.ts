import {
  CONTENT_INFORMATION_TYPE,
  ContentHasher,
  describeContent,
  encodeRoot,
  segmentBytes,
  serverSecretFrom,
  verifyBlock,
  blockHashAt,
  BLOCK_BYTES,
} from '@peer-cache/core';
import type { ContentInformation } from '@peer-cache/core';
import { Content } from '@peer-cache/download';
import type { BlockStore } from '@peer-cache/store';
import { honestly } from './faulty-origin.ts';
import type { Answer } from './faulty-origin.ts';

/** A content with its content information, as an origin with peer-cache has it. */
export interface Described {
  readonly bytes: Buffer;
  readonly etag: string;
  readonly information: ContentInformation;
  readonly content: Content;
  readonly blockHashLists: readonly Uint8Array[];
  /** Root and block hash lists: the content information as a resource. */
  readonly resource: Buffer;
  readonly rootBytes: number;
}

export function described(bytes: Buffer, etag = '"one"'): Described {
  const hasher = new ContentHasher();
  hasher.update(bytes);
  const hashed = hasher.finish();
  const serverSecret = serverSecretFrom(Buffer.alloc(32, 7));
  const information = describeContent(hashed, { serverSecret, etag });
  const root = encodeRoot(information);
  return {
    bytes,
    etag,
    information,
    content: new Content(information),
    blockHashLists: hashed.blockHashLists,
    resource: Buffer.concat([root, ...hashed.blockHashLists]),
    rootBytes: root.length,
  };
}

/** Answers like an origin with our plugin: content information by `Accept`, else the content. */
export function describing(what: () => Described): Answer {
  const plain = honestly(what);
  return (request, response, count) => {
    if (!request.headers.accept?.includes(CONTENT_INFORMATION_TYPE)) {
      return plain(request, response, count);
    }
    const { resource, rootBytes } = what();
    const [, first = '0', last = ''] =
      /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
    const startByte = Number(first);
    const endByte = startByte === 0 ? rootBytes : Math.min(Number(last) + 1, resource.length);
    response.statusCode = 206;
    response.setHeader('content-type', CONTENT_INFORMATION_TYPE);
    response.setHeader('content-range', `bytes ${startByte}-${endByte - 1}/${resource.length}`);
    response.end(resource.subarray(startByte, endByte));
  };
}

/** Puts a content, or some blocks of it, into a store. */
export async function fill(
  store: BlockStore,
  { content, bytes, blockHashLists, information }: Described,
  hasBlock: (blockIndex: number) => boolean = () => true,
): Promise<void> {
  for (const [index, list] of blockHashLists.entries()) {
    const { entry, sizeBytes } = content.segment(index);
    using stored = store.open({ entry, sizeBytes, serveUntilMs: Date.now() + 1e9 });
    await stored.putBlockHashList(list);
    const start = index * 512 * BLOCK_BYTES;
    const segment = bytes.subarray(start, start + segmentBytes(information.sizeBytes, index));
    for (let at = 0; at < segment.length; at += BLOCK_BYTES) {
      const blockIndex = at / BLOCK_BYTES;
      if (!hasBlock(blockIndex)) continue;
      const block = segment.subarray(at, at + BLOCK_BYTES);
      await stored.put([{ block: verifyBlock(blockIndex, block, blockHashAt(list, blockIndex)) }]);
    }
  }
}
