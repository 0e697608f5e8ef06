/** A DNS message from the network, reduced to what mDNS service discovery uses, and checked. */
export interface DnsPacket {
  readonly type: 'query' | 'response';
  readonly id: number;
  /** More known answers follow in another packet (RFC 6762 §7.2). */
  readonly isTruncated: boolean;
  readonly questions: readonly DnsQuestion[];
  readonly answers: readonly DnsRecord[];
  readonly authorities: readonly DnsRecord[];
  readonly additionals: readonly DnsRecord[];
}

export interface DnsQuestion {
  readonly name: string;
  /** Upper case: PTR, SRV, TXT, A, AAAA, ANY... */
  readonly type: string;
  readonly class?: string;
}

export type DnsRecord =
  | RecordOf<'PTR' | 'A' | 'AAAA', string>
  | RecordOf<'SRV', ServiceData>
  | RecordOf<'TXT', Buffer[]>
  | RecordOf<'NSEC', { nextDomain: string; rrtypes: string[] }>;

interface RecordOf<Type extends string, Data> {
  readonly name: string;
  readonly type: Type;
  /** Time to live in seconds. */
  readonly ttl: number;
  /** Replaces what is known of this name and type (RFC 6762 §10.2). */
  readonly flush?: boolean;
  readonly data: Data;
}

export interface ServiceData {
  readonly port: number;
  readonly target: string;
}

/** A message to send; lists that are left out are empty. */
export interface OutgoingPacket {
  readonly id?: number;
  readonly questions?: readonly DnsQuestion[];
  readonly answers?: readonly DnsRecord[];
  readonly authorities?: readonly DnsRecord[];
  readonly additionals?: readonly DnsRecord[];
}

/** Names are equal whatever their case (RFC 6762 §16). */
export function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** The strings of a TXT record, joined; undefined for another record. */
export function textBytes(record: DnsRecord): Buffer | undefined {
  return record.type === 'TXT' ? Buffer.concat(record.data) : undefined;
}

/** Equal but for their times to live. */
export function isSameRecord(a: DnsRecord, b: DnsRecord): boolean {
  return recordKey(a) === recordKey(b);
}

/** Tells records apart by all but their time to live. */
export function recordKey(record: DnsRecord): string {
  return `${record.name.toLowerCase()} ${record.type} ${dataText(record)}`;
}

/**
 * Checks what multicast-dns decoded: undefined if it is no message. Records of types that are
 * none of our business are left out.
 */
export function checkedPacket(value: unknown): DnsPacket | undefined {
  if (!isObject(value)) return undefined;
  const { type, id, flag_tc: isTruncated } = value;
  if ((type !== 'query' && type !== 'response') || typeof id !== 'number') return undefined;
  return {
    type,
    id,
    isTruncated: isTruncated === true,
    questions: listOf(value['questions']).flatMap(checkedQuestion),
    answers: listOf(value['answers']).flatMap(checkedRecord),
    authorities: listOf(value['authorities']).flatMap(checkedRecord),
    additionals: listOf(value['additionals']).flatMap(checkedRecord),
  };
}

function checkedQuestion(value: unknown): DnsQuestion[] {
  if (!isObject(value)) return [];
  const { name, type, class: asked } = value;
  if (typeof name !== 'string' || typeof type !== 'string') return [];
  return [{ name, type, class: typeof asked === 'string' ? asked : '' }];
}

function checkedRecord(value: unknown): DnsRecord[] {
  if (!isObject(value)) return [];
  const { name, type, ttl, flush, data } = value;
  if (value['class'] !== 'IN' || typeof name !== 'string' || typeof ttl !== 'number') return [];
  const common = { name, ttl, flush: flush === true };
  if (type === 'PTR' || type === 'A' || type === 'AAAA') {
    return typeof data === 'string' ? [{ ...common, type, data }] : [];
  }
  if (type === 'TXT' && Array.isArray(data) && data.every((string) => Buffer.isBuffer(string))) {
    return [{ ...common, type, data }];
  }
  return type === 'SRV' ? checkedService(data).map((srv) => ({ ...common, type, data: srv })) : [];
}

function checkedService(data: unknown): ServiceData[] {
  if (!isObject(data)) return [];
  const { port, target } = data;
  return typeof port === 'number' && typeof target === 'string' ? [{ port, target }] : [];
}

function dataText(record: DnsRecord): string {
  if (record.type === 'SRV') return `${record.data.port} ${record.data.target.toLowerCase()}`;
  if (record.type === 'TXT') return Buffer.concat(record.data).toString('hex');
  if (record.type === 'NSEC') return record.data.rrtypes.join(' ');
  return record.data.toLowerCase();
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
