import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CONTENT_INFORMATION_TYPE,
  ContentHasher,
  describeContent,
  encodeRoot,
  serverSecretFrom,
} from '@peer-cache/core';

/** How an origin behaves; an honest static one with ranges and a strong ETag by default. */
export interface Behaviour {
  /** Answers `Accept` with content information. */
  readonly isDescribed?: boolean;
  readonly hasRanges?: boolean;
  readonly hasValidator?: boolean;
  readonly hasLength?: boolean;
  /** Sends so many bytes at a time, with a pause between. */
  readonly pace?: { readonly bytes: number; readonly pauseMs: number };
  /** Breaks off after so many bytes of the body of this answer (the first is 0). */
  readonly cutAfter?: (answer: number) => number | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface TestContent {
  readonly bytes: Buffer;
  readonly etag: string;
}

/** What the origin was asked for of the content itself. */
export interface Asked {
  readonly range: string | undefined;
  readonly ifRange: string | undefined;
  givenBytes: number;
}

/** A real HTTP server on loopback with one content. */
export class TestOrigin implements AsyncDisposable {
  readonly asked: Asked[] = [];
  /** Block hash lists and roots. */
  informationRequests = 0;
  content: TestContent;
  readonly #behaviour: Behaviour;
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  #information: { of: Buffer; root: Buffer; resource: Buffer } | undefined;
  #url = '';

  constructor(content: TestContent, behaviour: Behaviour) {
    this.content = content;
    this.#behaviour = behaviour;
  }

  get url(): string {
    return this.#url;
  }

  get givenBytes(): number {
    return this.asked.reduce((sum, { givenBytes }) => sum + givenBytes, 0);
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => void this.#server.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    this.#url = `http://127.0.0.1:${port}/file`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => void this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { isDescribed = false, headers = {} } = this.#behaviour;
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (isDescribed && request.headers.accept?.includes(CONTENT_INFORMATION_TYPE) === true) {
      this.#giveInformation(request, response);
    } else await this.#giveContent(request, response);
  }

  #giveInformation(request: IncomingMessage, response: ServerResponse): void {
    this.informationRequests++;
    const { root, resource } = this.#informationOf(this.content);
    const { startByte, endByte = resource.length } = rangeOf(request) ?? { startByte: 0 };
    const end = startByte === 0 ? root.length : endByte;
    response.statusCode = 206;
    response.setHeader('content-type', CONTENT_INFORMATION_TYPE);
    response.setHeader('content-range', `bytes ${startByte}-${end - 1}/${resource.length}`);
    response.end(resource.subarray(startByte, end));
  }

  async #giveContent(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { hasRanges = true, hasValidator = true, hasLength = true } = this.#behaviour;
    const { bytes, etag } = this.content;
    const ifRange = request.headers['if-range']?.toString();
    const asked = { range: request.headers.range, ifRange, givenBytes: 0 };
    const answer = this.asked.push(asked) - 1;
    if (hasValidator) response.setHeader('etag', etag);
    const isSame = ifRange === undefined || ifRange === etag;
    const range = hasRanges && isSame ? rangeOf(request) : undefined;
    const { startByte, endByte = bytes.length } = range ?? { startByte: 0 };
    const body = bytes.subarray(startByte, endByte);
    if (range !== undefined) {
      response.statusCode = 206;
      const last = startByte + body.length - 1;
      response.setHeader('content-range', `bytes ${startByte}-${last}/${bytes.length}`);
    }
    if (hasLength) response.setHeader('content-length', body.length);
    await this.#send(response, body, asked, answer);
  }

  async #send(response: ServerResponse, body: Buffer, asked: Asked, answer: number): Promise<void> {
    const { pace = { bytes: 2 ** 20, pauseMs: 0 }, cutAfter } = this.#behaviour;
    const cutByte = cutAfter?.(answer) ?? Infinity;
    for (let at = 0; at < body.length && !response.destroyed;) {
      const endByte = Math.min(at + pace.bytes, body.length, cutByte);
      await new Promise((resolve) => response.write(body.subarray(at, endByte), resolve));
      asked.givenBytes += endByte - at;
      at = endByte;
      if (at === cutByte) {
        // What was sent shall arrive before the end does.
        await sleep(50);
        response.socket?.destroy();
        return;
      }
      if (pace.pauseMs > 0) await sleep(pace.pauseMs);
    }
    response.end();
  }

  #informationOf({ bytes, etag }: TestContent): { root: Buffer; resource: Buffer } {
    if (this.#information?.of !== bytes) {
      const hasher = new ContentHasher();
      hasher.update(bytes);
      const hashed = hasher.finish();
      const serverSecret = serverSecretFrom(Buffer.alloc(32, 7));
      const root = Buffer.from(encodeRoot(describeContent(hashed, { serverSecret, etag })));
      const resource = Buffer.concat([root, ...hashed.blockHashLists]);
      this.#information = { of: bytes, root, resource };
    }
    return this.#information;
  }
}

export async function startOrigin(bytes: Buffer, behaviour: Behaviour = {}): Promise<TestOrigin> {
  const origin = new TestOrigin({ bytes, etag: '"one"' }, behaviour);
  await origin.listen();
  return origin;
}

function rangeOf({
  headers,
}: IncomingMessage): { startByte: number; endByte?: number } | undefined {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '') ?? [];
  if (first === undefined) return undefined;
  return last
    ? { startByte: Number(first), endByte: Number(last) + 1 }
    : { startByte: Number(first) };
}
