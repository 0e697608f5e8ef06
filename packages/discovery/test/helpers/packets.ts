import type { DnsPacket, OutgoingPacket } from '../../src/dns-records.ts';

/** A packet as it arrives when it was sent as this. */
export function arrived(type: DnsPacket['type'], packet: OutgoingPacket): DnsPacket {
  const { id = 0, questions = [], answers = [], authorities = [], additionals = [] } = packet;
  return { type, id, isTruncated: false, questions, answers, authorities, additionals };
}
