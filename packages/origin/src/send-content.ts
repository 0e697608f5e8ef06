import type { ByteRange } from '@peer-cache/core';
import type { FastifyReply } from 'fastify';
import { forbidsSharing, readAccept, varyByAccept } from './accept.ts';
import { chooseRepresentation } from './choose-representation.ts';
import type { ChooseParts } from './choose-representation.ts';
import { checkConditions, isRangeCurrent, lastModified } from './conditions.ts';
import type { ContentFile } from './content-file.ts';
import type { ContentTraffic } from './content-traffic.ts';
import { readRange } from './range.ts';
import { readWhole, streamOf } from './representation.ts';
import type { Representation } from './representation.ts';

export interface SendParts extends ChooseParts {
  readonly traffic: ContentTraffic;
}

export interface SendContentOptions {
  /**
   * The content itself is sent but never described: what one user may read must not be shared
   * (design 4). Also so where `Cache-Control` of the reply says `private` or `no-store`.
   */
  readonly isPrivate?: boolean | undefined;
}

/**
 * Answers a GET or HEAD with the representation of an open file that the client asked for, and
 * closes the file when it is done.
 */
export async function sendContent(
  reply: FastifyReply,
  file: ContentFile,
  { parts, isPrivate = false }: SendContentOptions & { readonly parts: SendParts },
): Promise<FastifyReply> {
  // On both representations, or a cache between would give one to who asked for the other.
  reply.header('vary', varyByAccept(headerOf(reply, 'vary')));
  const isDescribed = !isPrivate && !forbidsSharing(headerOf(reply, 'cache-control'));
  const accepted = readAccept(reply.request.headers.accept);
  const chosen = await chooseRepresentation(file, accepted, { isDescribed, parts });
  try {
    return await answer(reply, chosen, parts.traffic);
  } catch (error) {
    await chosen[Symbol.asyncDispose]();
    // They describe what could not be sent, and not the error that is sent in its place.
    for (const name of ['etag', 'last-modified', 'content-range']) reply.removeHeader(name);
    throw error;
  }
}

async function answer(
  reply: FastifyReply,
  chosen: Representation,
  traffic: ContentTraffic,
): Promise<FastifyReply> {
  const { headers, method } = reply.request;
  setHeaders(reply, chosen);
  const condition = checkConditions(headers, chosen);
  if (condition !== 'send') return end(reply, chosen, condition === 'failed' ? 412 : 304);
  const range = chooseRange(reply, chosen);
  if (range === 'unsatisfiable') {
    reply.header('content-range', `bytes */${chosen.sizeBytes}`);
    return end(reply, chosen, 416);
  }
  const { startByte, endByte } = range ?? { startByte: 0, endByte: chosen.sizeBytes };
  if (range !== undefined) {
    reply.code(206);
    reply.header('content-range', `bytes ${startByte}-${endByte - 1}/${chosen.sizeBytes}`);
  }
  reply.header('content-type', chosen.mediaType);
  reply.header('content-length', endByte - startByte);
  if (method === 'HEAD') return end(reply, chosen, 200);
  return sendBody(reply, traffic.metered(chosen), { startByte, endByte });
}

function setHeaders(reply: FastifyReply, { name, etag, modifiedMs }: Representation): void {
  reply.header('accept-ranges', 'bytes');
  reply.header('etag', etag);
  reply.header('x-content-type-options', 'nosniff');
  if (modifiedMs !== undefined) reply.header('last-modified', lastModified(modifiedMs));
  // It holds read keys: no cache on the way may keep it.
  if (name === 'content-information') reply.header('cache-control', 'no-store');
}

/** Undefined for the whole. Ranges are defined for GET only (RFC 9110 §14.2). */
function chooseRange(
  reply: FastifyReply,
  chosen: Representation,
): ByteRange | 'unsatisfiable' | undefined {
  const { headers, method } = reply.request;
  if (method !== 'GET' || !isRangeCurrent(headers, chosen, Date.now())) return undefined;
  const range = readRange(headers.range, chosen.sizeBytes);
  if (range === 'whole') return undefined;
  if (range === 'unsatisfiable' || range.startByte > 0) return range;
  // The first range of content information is its root and not the block hash lists behind it:
  // those a client mostly has from peers.
  return { startByte: 0, endByte: Math.min(range.endByte, chosen.leadBytes) };
}

async function sendBody(
  reply: FastifyReply,
  chosen: Representation,
  range: ByteRange,
): Promise<FastifyReply> {
  const whole = await readWhole(chosen, range);
  if (whole === undefined) return reply.send(streamOf(chosen, range));
  await chosen[Symbol.asyncDispose]();
  return reply.send(whole);
}

async function end(
  reply: FastifyReply,
  chosen: Representation,
  status: number,
): Promise<FastifyReply> {
  await chosen[Symbol.asyncDispose]();
  return reply.code(status).send();
}

function headerOf(reply: FastifyReply, name: string): string {
  return [reply.getHeader(name) ?? []].flat().join(', ');
}
