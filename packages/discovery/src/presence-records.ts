import { isIPv4 } from 'node:net';
import { LEAST_PORT } from '@peer-cache/protocol';
import { isSameRecord, sameName } from './dns-records.ts';
import type { DnsPacket, DnsQuestion, DnsRecord, OutgoingPacket } from './dns-records.ts';

const SERVICE = '_peer-cache._tcp.local';
/** What lists all services there are (RFC 6763 §9). */
const SERVICES = '_services._dns-sd._udp.local';
const INSTANCE = /^([a-z0-9-]{1,63})\._peer-cache\._tcp\.local$/i;

/** RFC 6762 §10: records with a host's name or address live 2 minutes, all others 75. */
const HOST_TTL_SECONDS = 120;
const OTHER_TTL_SECONDS = 75 * 60;

const MOST_QUESTIONS = 16;
/** Of a record type for which one owner has the only truth. */
const UNIQUE_TYPES = new Set(['SRV', 'TXT', 'A', 'AAAA']);
/** Class IN; as multicast-dns shows it with the bit that asks for a unicast answer; any class. */
const ASKED_CLASSES = new Set(['IN', 'UNKNOWN_32769', 'ANY']);

/** How an agent appears on one link: DNS-SD (RFC 6763), with nothing that tells who it is. */
export interface Presence {
  /** Random; both the instance and the host are called by it, never by the machine's name. */
  readonly label: string;
  readonly port: number;
  /** Of the link's interface, without zones. */
  readonly addresses: readonly string[];
}

/** Another agent as its records tell; a time to live of 0 says that it is gone. */
export interface HeardPresence {
  readonly label: string;
  readonly port: number;
  readonly ttlSeconds: number;
}

export interface PresenceAnswer {
  readonly answers: readonly DnsRecord[];
  readonly additionals: readonly DnsRecord[];
}

/** All records of a presence, as they are announced. */
export function presenceRecords({ label, port, addresses }: Presence): DnsRecord[] {
  const name = `${label}.${SERVICE}`;
  const host = `${label}.local`;
  const service = { port, target: host };
  const text = [Buffer.from('v=1')];
  return [
    browseRecord(label),
    { name, type: 'SRV', ttl: HOST_TTL_SECONDS, flush: true, data: service },
    { name, type: 'TXT', ttl: OTHER_TTL_SECONDS, flush: true, data: text },
    ...addresses.map((address): DnsRecord => {
      const type = isIPv4(address) ? 'A' : 'AAAA';
      return { name: host, type, ttl: HOST_TTL_SECONDS, flush: true, data: address };
    }),
  ];
}

/** The records of a presence, with a time to live of 0: it is gone. */
export function goodbyeRecords(presence: Presence): DnsRecord[] {
  return presenceRecords(presence).map((record) => ({ ...record, ttl: 0 }));
}

/** Asks whether anybody has our name, and tells what we mean to say by it (RFC 6762 §8.1). */
export function probeFor(presence: Presence): OutgoingPacket {
  const proposed = presenceRecords(presence).filter(({ type }) => UNIQUE_TYPES.has(type));
  return {
    questions: ownNames(presence.label).map((name) => ({ name, type: 'ANY', class: 'IN' })),
    authorities: proposed.map((record) => ({ ...record, flush: false })),
  };
}

/** Asks which agents there are; those in `knownLabels` need not answer (RFC 6762 §7.1). */
export function browseQuery(knownLabels: readonly string[]): OutgoingPacket {
  return {
    questions: [{ name: SERVICE, type: 'PTR', class: 'IN' }],
    answers: knownLabels.map(browseRecord),
  };
}

/**
 * Whether a query asks which agents there are and lists none that we don't know: its answers serve
 * us as well as those to a query of our own (RFC 6762 §7.3).
 */
export function isSameBrowse(query: DnsPacket, knownLabels: readonly string[]): boolean {
  const own = knownLabels.map(browseRecord);
  return (
    query.questions.some(({ name, type }) => type === 'PTR' && sameName(name, SERVICE)) &&
    query.answers.every((answer) => own.some((record) => isSameRecord(record, answer)))
  );
}

/** Our answer to a query, less what the asker knows; both lists are empty if we have none. */
export function answerTo(query: DnsPacket, presence: Presence): PresenceAnswer {
  const records = presenceRecords(presence);
  const asked = query.questions.slice(0, MOST_QUESTIONS);
  const matching = asked.flatMap((question) => recordsFor(question, records, presence.label));
  const answers = withoutKnown([...new Set(matching)], query.answers);
  const hasPointer = answers.some(({ name, type }) => type === 'PTR' && name === SERVICE);
  const hasService = answers.some(({ type }) => type === 'SRV');
  const additionals = records.filter(
    (record) =>
      !answers.includes(record) &&
      ((hasPointer && record.type !== 'PTR') || (hasService && isAddress(record))),
  );
  return { answers, additionals };
}

/** Leaves out what an asker knows, for at least half of its life to come (RFC 6762 §7.1). */
export function withoutKnown(
  records: readonly DnsRecord[],
  known: readonly DnsRecord[],
): DnsRecord[] {
  return records.filter(
    (record) => !known.some((each) => isSameRecord(each, record) && each.ttl * 2 >= record.ttl),
  );
}

/** Whether records say something else about our names than `own` ones do. */
export function isConflicting(
  records: readonly DnsRecord[],
  label: string,
  own: readonly DnsRecord[],
): boolean {
  const names = ownNames(label);
  return records.some(
    (record) =>
      UNIQUE_TYPES.has(record.type) &&
      names.some((name) => sameName(name, record.name)) &&
      !own.some((each) => isSameRecord(each, record)),
  );
}

/** The agents that a response tells of. */
export function heardPresences({ answers, additionals }: DnsPacket): HeardPresence[] {
  return [...answers, ...additionals].flatMap((record): HeardPresence[] => {
    if (record.type === 'PTR' && record.ttl === 0) {
      const label = labelOf(record.data);
      return label === undefined ? [] : [{ label, port: 0, ttlSeconds: 0 }];
    }
    const label = labelOf(record.name);
    if (record.type !== 'SRV' || label === undefined || record.data.port < LEAST_PORT) return [];
    const ttlSeconds = Math.min(record.ttl, OTHER_TTL_SECONDS);
    return [{ label, port: record.data.port, ttlSeconds }];
  });
}

function recordsFor(
  question: DnsQuestion,
  records: readonly DnsRecord[],
  label: string,
): DnsRecord[] {
  if (!ASKED_CLASSES.has(question.class ?? 'IN')) return [];
  if (question.type === 'PTR' && sameName(question.name, SERVICES)) {
    return [{ name: SERVICES, type: 'PTR', ttl: OTHER_TTL_SECONDS, data: SERVICE }];
  }
  const named = records.filter(({ name }) => sameName(name, question.name));
  const matching = named.filter(({ type }) => type === question.type || question.type === 'ANY');
  const isOwn = ownNames(label).some((name) => sameName(name, question.name));
  return matching.length === 0 && isOwn ? [denialOf(question.name, named)] : matching;
}

/** Says that a name has records of these types and no others (RFC 6762 §6.1). */
function denialOf(name: string, existing: readonly DnsRecord[]): DnsRecord {
  const rrtypes = [...new Set(existing.map(({ type }) => type))];
  const data = { nextDomain: name, rrtypes };
  return { name, type: 'NSEC', ttl: HOST_TTL_SECONDS, flush: true, data };
}

function browseRecord(label: string): DnsRecord {
  return { name: SERVICE, type: 'PTR', ttl: OTHER_TTL_SECONDS, data: `${label}.${SERVICE}` };
}

function ownNames(label: string): string[] {
  return [`${label}.${SERVICE}`, `${label}.local`];
}

function labelOf(name: string): string | undefined {
  return INSTANCE.exec(name)?.[1]?.toLowerCase();
}

function isAddress({ type }: DnsRecord): boolean {
  return type === 'A' || type === 'AAAA';
}
