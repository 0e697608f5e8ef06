import type { LanHost } from '../../../packages/discovery/test/helpers/namespaces.ts';
import { ip } from '../../../packages/discovery/test/helpers/namespaces.ts';

/** One end of a link: an interface, and the namespace that it is in. */
export interface LinkEnd {
  readonly namespace: string;
  readonly name: string;
}

/** What leaves through an interface, and what waits until it may. */
export interface Shape {
  readonly mbit: number;
  /** What finds the queue so long is dropped. */
  readonly bufferMs: number;
}

const BITS_PER_MBIT = 1e6;
/** A bucket for so much time: timers of the kernel are that coarse. */
const BUCKET_MS = 4;
/** Larger than any packet, those that are cut into many on the way out included. */
const LEAST_BUCKET_BYTES = 70_000;
/** A WAN has no such packets. */
const LEAST_WAN_BUCKET_BYTES = 6_000;

/** Limits what leaves through an end of a WAN, with a buffer that drops at its tail. */
export async function shapeWan(end: LinkEnd, shape: Shape): Promise<void> {
  await shapeEnd(end, shape, LEAST_WAN_BUCKET_BYTES);
}

/** Limits what leaves through an end of a cable of the LAN. */
export async function shapeLan(end: LinkEnd, shape: Shape): Promise<void> {
  await shapeEnd(end, shape, LEAST_BUCKET_BYTES);
}

async function shapeEnd(end: LinkEnd, { mbit, bufferMs }: Shape, leastBucket: number) {
  const bucket = Math.max(bytesIn(mbit, BUCKET_MS), leastBucket);
  const limit = Math.max(bytesIn(mbit, bufferMs), 2 * bucket);
  const rule = `root tbf rate ${mbit}mbit burst ${bucket} limit ${limit}`;
  await tc(end.namespace, `qdisc replace dev ${end.name} ${rule}`);
}

/** Limits what leaves through an interface towards one address, and nothing else. */
export async function shapeTowards(
  { namespace, name }: LinkEnd,
  address: string,
  { mbit, bufferMs }: Shape,
): Promise<void> {
  await tc(namespace, `qdisc replace dev ${name} root handle 1: htb`);
  const rate = `htb rate ${mbit}mbit burst ${LEAST_WAN_BUCKET_BYTES} quantum 1514`;
  await tc(namespace, `class add dev ${name} parent 1: classid 1:1 ${rate}`);
  const queue = `bfifo limit ${bytesIn(mbit, bufferMs)}`;
  await tc(namespace, `qdisc add dev ${name} parent 1:1 ${queue}`);
  const rule = `protocol ip u32 match ip dst ${address}/32 flowid 1:1`;
  await tc(namespace, `filter add dev ${name} parent 1: ${rule}`);
}

/** Has packets leave in one piece each, as they would on a wire: else bytes are undercounted. */
export async function sendRealPackets(node: LanHost, name: string): Promise<void> {
  await node.run('ethtool', '-K', name, 'tso', 'off', 'gso', 'off', 'gro', 'off');
}

export async function tc(namespace: string, command: string): Promise<void> {
  await ip('netns', 'exec', namespace, 'tc', ...command.split(' '));
}

function bytesIn(mbit: number, ms: number): number {
  return Math.ceil((mbit * BITS_PER_MBIT * ms) / 1000 / 8);
}
