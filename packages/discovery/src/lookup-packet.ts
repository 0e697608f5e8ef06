import { LOOKUP_PROOF_BYTES, SEGMENT_ID_BYTES } from '@peer-cache/core';
import { LEAST_PORT } from '@peer-cache/protocol';
import { sameName, textBytes } from './dns-records.ts';
import type { DnsPacket, DnsRecord, OutgoingPacket } from './dns-records.ts';

/*
 * The packed segment query: who has these segments? Both packets are plain DNS messages.
 *
 * Query, multicast to port 5353 from a port of its own, so that RFC 6762 §6.7 has it answered by
 * unicast to that port:
 *   question      _find._peer-cache._tcp.local TXT IN
 *   additional    TXT record of the same name, TTL 0; its strings joined are
 *                   u8  format version, 1
 *                   u8  round: 0 at first, 1 or 2 when the same is asked again because nobody answered
 *                   8   nonce, random for each packet
 *                   24  for each segment: its ID (16) and a lookup proof (8)
 *
 * Answer, unicast from port 5353, with the query's DNS ID and question:
 *   answer        TXT record of the same name, TTL 0, of one string:
 *                   u8  format version, 1
 *                   8   the query's nonce
 *                   u16 port on which the answering agent serves (TCP), at the answer's source address
 *                   n   bitmap of what it has or is fetching, segment 0 in the lowest bit of byte 0
 *
 * The proof is a keyed hash, by the segment's proof key, over nonce, segment ID and the address and
 * port that the query comes from. Whoever overheard an ID lacks the key, and whoever repeats the
 * packet from elsewhere has another address: neither is answered. An answer is shorter than any
 * query it can belong to, and is only sent when it has a bit set.
 */

const LOOKUP_NAME = '_find._peer-cache._tcp.local';
export const LOOKUP_NONCE_BYTES = 8;
/** As many as keep the packet within 1232 bytes, the UDP payload that every IPv6 link carries. */
export const MOST_LOOKUPS_PER_PACKET = 47;
/** An unanswered segment is asked for again, at most twice. */
const MOST_ROUND = 2;

const DNS_HEADER_BYTES = 12;
/** A length byte before each label, and one that ends the name. */
const NAME_BYTES: number = LOOKUP_NAME.length + 2;
const FORMAT_VERSION = 1;
const QUERY_HEADER_BYTES = 2 + LOOKUP_NONCE_BYTES;
const ENTRY_BYTES: number = SEGMENT_ID_BYTES + LOOKUP_PROOF_BYTES;
const ANSWER_HEADER_BYTES = 1 + LOOKUP_NONCE_BYTES + 2;
/** RFC 1035 §3.3: a character string has one byte for its length. */
const MOST_STRING_BYTES = 255;

/** Some segments, asked for in one packet. */
export interface LookupQuery {
  /** DNS message ID, repeated by the answer. */
  readonly id: number;
  readonly round: number;
  readonly nonce: Uint8Array;
  readonly entries: readonly LookupEntry[];
}

export interface LookupEntry {
  readonly segmentId: Uint8Array;
  readonly proof: Uint8Array;
}

/** What one agent has of what one packet asked for. */
export interface LookupAnswer {
  readonly id: number;
  readonly nonce: Uint8Array;
  readonly port: number;
  /** Places in the query's entries. */
  readonly held: readonly number[];
}

export function encodeLookupQuery({ id, round, nonce, entries }: LookupQuery): OutgoingPacket {
  const bytes = Buffer.concat([
    Uint8Array.of(FORMAT_VERSION, round),
    nonce,
    ...entries.flatMap(({ segmentId, proof }) => [segmentId, proof]),
  ]);
  return {
    id,
    questions: [{ name: LOOKUP_NAME, type: 'TXT', class: 'IN' }],
    additionals: [{ name: LOOKUP_NAME, type: 'TXT', ttl: 0, data: stringsOf(bytes) }],
  };
}

/** The query in a packet from the network; undefined for anything else, and for a malformed one. */
export function decodeLookupQuery(packet: DnsPacket): LookupQuery | undefined {
  const [question, ...otherQuestions] = packet.questions;
  if (packet.type !== 'query' || otherQuestions.length > 0) return undefined;
  if (question?.type !== 'TXT' || !sameName(question.name, LOOKUP_NAME)) return undefined;
  const bytes = onlyText(packet.additionals);
  if (bytes === undefined || bytes.length < QUERY_HEADER_BYTES) return undefined;
  const [version, round = 0] = bytes;
  if (version !== FORMAT_VERSION || round > MOST_ROUND) return undefined;
  const entries = decodeEntries(bytes.subarray(QUERY_HEADER_BYTES));
  if (entries === undefined) return undefined;
  return { id: packet.id, round, nonce: bytes.subarray(2, QUERY_HEADER_BYTES), entries };
}

export function encodeLookupAnswer(
  { id, nonce, port, held }: LookupAnswer,
  entryCount: number,
): OutgoingPacket {
  const bytes = Buffer.alloc(ANSWER_HEADER_BYTES + Math.ceil(entryCount / 8));
  bytes[0] = FORMAT_VERSION;
  bytes.set(nonce, 1);
  bytes.writeUInt16BE(port, 1 + LOOKUP_NONCE_BYTES);
  for (const index of held) {
    const at = ANSWER_HEADER_BYTES + (index >> 3);
    bytes[at] = (bytes[at] ?? 0) | (1 << (index & 7));
  }
  return {
    id,
    questions: [{ name: LOOKUP_NAME, type: 'TXT', class: 'IN' }],
    answers: [{ name: LOOKUP_NAME, type: 'TXT', ttl: 0, data: [bytes] }],
  };
}

/** The size of an answer as a DNS message: it must not be more than that of the query. */
export function lookupAnswerBytes(entryCount: number): number {
  const question = NAME_BYTES + 4;
  const recordHead = NAME_BYTES + 10;
  const text = 1 + ANSWER_HEADER_BYTES + Math.ceil(entryCount / 8);
  return DNS_HEADER_BYTES + question + recordHead + text;
}

/** The answer in a packet from the network; undefined for anything else, and for a malformed one. */
export function decodeLookupAnswer(packet: DnsPacket): LookupAnswer | undefined {
  if (packet.type !== 'response') return undefined;
  const bytes = onlyText(packet.answers);
  if (bytes === undefined || bytes.length <= ANSWER_HEADER_BYTES) return undefined;
  const bitmap = bytes.subarray(ANSWER_HEADER_BYTES);
  const port = bytes.readUInt16BE(1 + LOOKUP_NONCE_BYTES);
  if (bytes[0] !== FORMAT_VERSION || port < LEAST_PORT) return undefined;
  if (bitmap.length > Math.ceil(MOST_LOOKUPS_PER_PACKET / 8)) return undefined;
  const nonce = bytes.subarray(1, 1 + LOOKUP_NONCE_BYTES);
  return { id: packet.id, nonce, port, held: setBits(bitmap) };
}

function decodeEntries(bytes: Buffer): LookupEntry[] | undefined {
  const count = bytes.length / ENTRY_BYTES;
  if (!Number.isInteger(count) || count < 1 || count > MOST_LOOKUPS_PER_PACKET) return undefined;
  return Array.from({ length: count }, (_, index) => {
    const entry = bytes.subarray(index * ENTRY_BYTES, (index + 1) * ENTRY_BYTES);
    return {
      segmentId: entry.subarray(0, SEGMENT_ID_BYTES),
      proof: entry.subarray(SEGMENT_ID_BYTES),
    };
  });
}

/** multicast-dns would write longer strings with a wrong length. */
function stringsOf(bytes: Buffer): Buffer[] {
  const strings: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += MOST_STRING_BYTES) {
    strings.push(bytes.subarray(at, at + MOST_STRING_BYTES));
  }
  return strings;
}

function onlyText(records: readonly DnsRecord[]): Buffer | undefined {
  const [record, ...others] = records;
  if (record?.type !== 'TXT' || others.length > 0) return undefined;
  return sameName(record.name, LOOKUP_NAME) ? textBytes(record) : undefined;
}

function setBits(bitmap: Uint8Array): number[] {
  return Array.from({ length: bitmap.length * 8 }, (_, index) => index).filter(
    (index) => ((bitmap[index >> 3] ?? 0) >> (index & 7)) & 1,
  );
}
