import process from 'node:process';
import { createInterface } from 'node:readline';
import { silentLog } from '@peer-cache/core';
import { openMdnsFinder, watchSharingInterfaces } from '@peer-cache/discovery';
import type { MdnsFinder, SharingWatcher } from '@peer-cache/discovery';
import { Content, describe } from '@peer-cache/download';
import { OriginHttp } from '@peer-cache/transport';
import { segmentOf } from '../../bare-peer.ts';
import { Asked } from './asked.ts';

/** What every hostile program begins with. */
export interface Pose {
  /** Its own address on the LAN. */
  readonly address: string;
  readonly contentUrl: string;
  /** As the origin describes it to anybody. */
  readonly content: Content;
  readonly asked: Asked;
  readonly interfaces: SharingWatcher;
}

const DESCRIBE_MS = 30_000;

/** Learns what the office will want; the command line is `ADDRESS CONTENT-URL`. */
export async function pose(): Promise<Pose> {
  const [address = '', contentUrl = ''] = process.argv.slice(2);
  const content = await describedAt(contentUrl);
  const interfaces = await watchSharingInterfaces({ log: silentLog });
  // Of a program with many names each one follows them.
  interfaces.setMaxListeners(0);
  return { address, contentUrl, content, asked: new Asked(), interfaces };
}

/** Lets itself be found as agents do: announced, and answering whoever looks for the content. */
export async function beFound({ content, interfaces }: Pose, port: number): Promise<MdnsFinder> {
  const proofKeyOf = (segmentId: Uint8Array): Uint8Array | undefined =>
    segmentOf(content, segmentId)?.keys.proofKey;
  const parts = { log: silentLog, holdings: { proofKeyOf }, interfaces };
  return await openMdnsFinder(parts, { servePort: port });
}

/** Says that it is ready, and from then on, for each line that it is sent, what it was asked. */
export function sayReady({ asked }: Pose): void {
  process.stdout.write('ready\n');
  createInterface({ input: process.stdin }).on('line', () => {
    process.stdout.write(`${JSON.stringify(asked.report())}\n`);
  });
}

/** The whole content, from the origin. */
export async function bytesAt({ contentUrl }: Pose): Promise<Buffer> {
  const response = await fetch(contentUrl);
  return Buffer.from(await response.arrayBuffer());
}

async function describedAt(url: string): Promise<Content> {
  await using http = new OriginHttp();
  const sidecarOrigins = [new URL(url).origin];
  const described = await describe(http, url, {
    signal: AbortSignal.timeout(DESCRIBE_MS),
    sidecarOrigins,
  });
  if (described.kind === 'plain') throw new Error(`${url} has no content information`);
  return new Content(described.information);
}
