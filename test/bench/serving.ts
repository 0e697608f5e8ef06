import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { join } from 'node:path';
import { GIB, MIB, NONCE_BYTES, proofOf, SEGMENT_BYTES } from '@peer-cache/core';
import { Content, describe } from '@peer-cache/download';
import {
  BLOCKS_PATH,
  BLOCKS_PER_RUN,
  decodeHelloResponse,
  encodeBlocksRequest,
  encodeHelloRequest,
  HELLO_PATH,
  MESSAGE_TYPE,
  PROTOCOL_VERSION,
  VERSION_HEADER,
} from '@peer-cache/protocol';
import { OriginHttp } from '@peer-cache/transport';
import type { Bench } from './bench.ts';
import { cpuSeconds, median, timed } from './measure.ts';
import { startNginx } from './nginx.ts';
import { Machine, startOrigin } from './office.ts';

const CONNECTIONS = 4;
const HEAD_END = '\r\n\r\n';

/** (c) Requests of 1 MiB of blocks on four connections, against nginx by the same client. */
export async function benchServing(bench: Bench): Promise<void> {
  const { folder, bin, runs, sizeBytes, report } = bench;
  await using nginx = await startNginx(join(folder, 'served'), join(folder, 'nginx'));
  const peer = await Machine.create(bin, join(folder, 'serving'));
  await using origin = await startOrigin(peer, join(folder, 'served'));
  await using agent = await peer.startAgent('4 GiB');
  await peer.run('get', `${origin.url}/file`, '-o', join(folder, 'first'), '--force', '-q');
  const port = Number(/127\.0\.0\.1:(\d+)/.exec(agent.said)?.[1]);
  const content = await contentOf(`${origin.url}/file`);

  const samples: { ours: number; nginx: number; oursCpu: number; nginxCpu: number }[] = [];
  for (let count = -1; count < runs; count++) {
    const beforeOurs = cpuSeconds(agent.pid);
    const ours = await timed(() => pullFromPeer(port, content, sizeBytes));
    const oursCpu = cpuSeconds(agent.pid) - beforeOurs;
    const beforeNginx = await nginx.cpuSeconds();
    const other = await timed(() => pullFromNginx(nginx.port, sizeBytes));
    const nginxCpu = (await nginx.cpuSeconds()) - beforeNginx;
    if (count >= 0) samples.push({ ours, nginx: other, oursCpu, nginxCpu });
  }
  const ours = median(samples.map((sample) => sample.ours));
  const other = median(samples.map((sample) => sample.nginx));
  const shown = (seconds: number, cpu: number): string =>
    `${(sizeBytes / seconds / 1e9).toFixed(2)} GB/s, ${(cpu / (sizeBytes / GIB)).toFixed(2)} CPU s/GiB`;
  report({
    name: '(c) serving runs of 1 MiB',
    ours: shown(ours, median(samples.map(({ oursCpu }) => oursCpu))),
    other: `nginx ${shown(other, median(samples.map(({ nginxCpu }) => nginxCpu)))}`,
    ratio: other / ours,
    aim: '>= 0.3',
  });
}

async function contentOf(url: string): Promise<Content> {
  await using http = new OriginHttp();
  const described = await describe(http, url, { signal: AbortSignal.timeout(60_000) });
  if (described.kind === 'plain') throw new Error('the origin gave no content information');
  return new Content(described.information);
}

async function pullFromPeer(port: number, content: Content, sizeBytes: number): Promise<void> {
  const runs = Math.floor(sizeBytes / MIB);
  await onEachConnection(port, async (line, number) => {
    const clientNonce = randomBytes(NONCE_BYTES);
    const hello = encodeHelloRequest({ versions: [PROTOCOL_VERSION], clientNonce, port: 0 });
    const answer = await line.request(post(port, HELLO_PATH, hello), { keep: true });
    const nonces = { clientNonce, serverNonce: decodeHelloResponse(answer).serverNonce };
    for (let run = number; run < runs; run += CONNECTIONS) {
      const { keys } = content.segment(Math.floor((run * MIB) / SEGMENT_BYTES));
      const question = {
        segmentId: keys.segmentId,
        proof: proofOf(keys.proofKey, 'client', nonces, keys.segmentId),
        runs: [{ firstBlock: (run * BLOCKS_PER_RUN) % 512, count: BLOCKS_PER_RUN }],
        wantsBlockHashList: false,
        wasDamaged: false,
      };
      const body = encodeBlocksRequest({ waitMs: 0, segments: [question] });
      await line.request(post(port, BLOCKS_PATH, body), { keep: false });
      if (line.lastBytes < MIB) throw new Error(`the peer gave ${line.lastBytes} bytes of a run`);
    }
  });
}

async function pullFromNginx(port: number, sizeBytes: number): Promise<void> {
  const runs = Math.floor(sizeBytes / MIB);
  await onEachConnection(port, async (line, number) => {
    for (let run = number; run < runs; run += CONNECTIONS) {
      const range = `bytes=${run * MIB}-${(run + 1) * MIB - 1}`;
      const head = `GET /file HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nRange: ${range}\r\n\r\n`;
      await line.request(Buffer.from(head), { keep: false });
      if (line.lastBytes !== MIB) throw new Error(`nginx gave ${line.lastBytes} bytes of a run`);
    }
  });
}

async function onEachConnection(
  port: number,
  work: (line: Line, number: number) => Promise<void>,
): Promise<void> {
  const numbers = Array.from({ length: CONNECTIONS }, (_, number) => number);
  await Promise.all(
    numbers.map(async (number) => {
      const line = await Line.open(port);
      await work(line, number);
      line.close();
    }),
  );
}

function post(port: number, path: string, body: Uint8Array): Buffer {
  const head =
    `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${VERSION_HEADER}: ${PROTOCOL_VERSION}\r\n` +
    `Content-Type: ${MESSAGE_TYPE}\r\nContent-Length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

/** The least HTTP client there can be: it counts bytes, so that the server is what is measured. */
class Line {
  lastBytes = 0;
  readonly #socket: ReturnType<typeof connect>;
  #head = '';
  #wantedBytes = 0;
  #kept: Buffer[] | undefined;
  #done: ((body: Buffer) => void) | undefined;

  private constructor(port: number) {
    this.#socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer: Buffer.allocUnsafeSlow(MIB / 4),
        callback: (count, buffer) => {
          this.#read(Buffer.from(buffer.buffer, buffer.byteOffset, count));
          return true;
        },
      },
    });
  }

  static async open(port: number): Promise<Line> {
    const line = new Line(port);
    await new Promise<void>((resolve, reject) => {
      line.#socket.once('connect', resolve);
      line.#socket.once('error', reject);
    });
    return line;
  }

  async request(bytes: Buffer, { keep }: { keep: boolean }): Promise<Buffer> {
    const { promise, resolve } = Promise.withResolvers<Buffer>();
    this.#done = resolve;
    this.#kept = keep ? [] : undefined;
    this.#head = '';
    this.lastBytes = 0;
    this.#socket.write(bytes);
    return await promise;
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(bytes: Buffer): void {
    let body = bytes;
    if (!this.#head.includes(HEAD_END)) {
      const before = this.#head.length;
      this.#head += bytes.toString('latin1');
      const end = this.#head.indexOf(HEAD_END);
      if (end === -1) return;
      this.#wantedBytes = Number(/content-length: (\d+)/i.exec(this.#head)?.[1]);
      body = bytes.subarray(end + HEAD_END.length - before);
    }
    this.lastBytes += body.length;
    this.#kept?.push(Buffer.from(body));
    if (this.lastBytes >= this.#wantedBytes) this.#done?.(Buffer.concat(this.#kept ?? []));
  }
}
