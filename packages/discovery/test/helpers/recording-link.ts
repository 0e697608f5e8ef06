import type { OutgoingPacket } from '../../src/dns-records.ts';
import type { Source } from '../../src/lookup-answers.ts';
import type { Link, LinkPlan } from '../../src/mdns-link.ts';

export interface SentPacket {
  readonly by: 'ask' | 'query' | 'announce' | 'reply';
  readonly packet: OutgoingPacket;
  readonly to?: Source;
}

/** A link that sends nothing and remembers everything. */
export class RecordingLink implements Link {
  readonly plan: LinkPlan;
  readonly asker: Source = { address: '10.0.0.1', port: 40_000 };
  readonly sent: SentPacket[] = [];

  constructor(plan: Partial<LinkPlan> = {}) {
    this.plan = {
      interfaceName: 'eth0',
      family: 4,
      address: '10.0.0.1',
      prefixes: ['10.0.0.0/24'],
      zone: undefined,
      ...plan,
    };
  }

  async ask(packet: OutgoingPacket): Promise<void> {
    this.sent.push({ by: 'ask', packet });
  }

  async query(packet: OutgoingPacket): Promise<void> {
    this.sent.push({ by: 'query', packet });
  }

  async announce(packet: OutgoingPacket): Promise<void> {
    this.sent.push({ by: 'announce', packet });
  }

  async reply(packet: OutgoingPacket, to: Source): Promise<void> {
    this.sent.push({ by: 'reply', packet, to });
  }
}
