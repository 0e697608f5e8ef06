import { ip, LAN_INTERFACE } from '../../../packages/discovery/test/helpers/namespaces.ts';
import type { Lan, LanHost } from '../../../packages/discovery/test/helpers/namespaces.ts';
import { shapeLan, tc } from './shaping.ts';

/** Of a port of a switch. */
const PORT_BUFFER_MS = 10;
const ETHERTYPE_ARP = 0x0806;

/** Limits the cables of all hosts, in both directions. */
export async function limitCables({ hosts, bridge }: Lan, mbit: number): Promise<void> {
  const shape = { mbit, bufferMs: PORT_BUFFER_MS };
  for (const { namespace, port } of hosts) {
    await shapeLan({ namespace, name: LAN_INTERFACE }, shape);
    await shapeLan({ namespace: bridge, name: port }, shape);
  }
}

/** Pulls a host's cable at the switch, or puts it back: the host keeps its address and its routes. */
export async function setCable(
  { bridge }: Lan,
  { port }: LanHost,
  state: 'up' | 'down',
): Promise<void> {
  await ip('-n', bridge, 'link', 'set', port, state);
}

/**
 * Lets a host exchange frames with the router only: it keeps its WAN and loses its neighbours.
 *
 * Filters at its port, in the classic BPF of tcpdump: this kernel has no other rule that drops.
 */
export async function isolate(
  { bridge }: Lan,
  { port }: LanHost,
  routerMac: string,
): Promise<void> {
  const mac = Number.parseInt(routerMac.replaceAll(':', '').slice(-8), 16);
  await tc(bridge, `qdisc add dev ${port} clsact`);
  await addFilter('ingress', [
    [LOAD_WORD, 0, 0, 2], // the end of the destination
    [JUMP_IF_EQUAL, 2, 0, mac],
    [LOAD_HALF, 0, 0, 12],
    [JUMP_IF_EQUAL, 0, 1, ETHERTYPE_ARP],
    PASS,
    DROP,
  ]);
  await addFilter('egress', [
    [LOAD_WORD, 0, 0, 8], // the end of the source
    [JUMP_IF_EQUAL, 0, 1, mac],
    PASS,
    DROP,
  ]);

  async function addFilter(side: string, program: readonly Instruction[]): Promise<void> {
    const code = [program.length, ...program.map((each) => each.join(' '))].join(',');
    const rule = ['filter', 'add', 'dev', port, side, 'bpf', 'da', 'bytecode', code];
    await ip('netns', 'exec', bridge, 'tc', ...rule);
  }
}

/** Gives the host its neighbours back. */
export async function rejoin({ bridge }: Lan, { port }: LanHost): Promise<void> {
  await tc(bridge, `qdisc del dev ${port} clsact`);
}

/** Operation, jumps where it holds and where not, and a value. */
type Instruction = readonly [number, number, number, number];

const LOAD_WORD = 0x20;
const LOAD_HALF = 0x28;
const JUMP_IF_EQUAL = 0x15;
const RETURN = 0x06;
const PASS: Instruction = [RETURN, 0, 0, 0];
const DROP: Instruction = [RETURN, 0, 0, 2];
