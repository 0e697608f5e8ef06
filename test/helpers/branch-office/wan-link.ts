import { ip, LAN_INTERFACE } from '../../../packages/discovery/test/helpers/namespaces.ts';
import type { Lan, LanHost } from '../../../packages/discovery/test/helpers/namespaces.ts';
import { delayPackets } from './delay-line.ts';
import { sendRealPackets, shapeTowards, shapeWan } from './shaping.ts';
import { linkBytes } from './traffic.ts';

/** What a sender of TCP goes by. */
export type CongestionControl = 'cubic' | 'bbr';

export interface WanOptions {
  readonly downMbit: number;
  readonly upMbit: number;
  /** Of both directions; 200, as deep as that of cheap routers, unless given. */
  readonly bufferMs?: number | undefined;
  /** Of a packet and its answer while nothing queues; next to nothing unless given. */
  readonly rttMs?: number | undefined;
  /** What the origin goes by; `cubic` unless given. */
  readonly sender?: CongestionControl | undefined;
}

/** Of the router, within the LAN. */
const ROUTER_NUMBER = 254;
const ORIGIN = '10.200.0.2';
const ISP_TO_ORIGIN = '10.200.0.1';
const ISP_TO_BRANCH = '10.201.0.1';
const BRANCH = '10.201.0.2';
const LAN_NETWORK = '10.77.0.0/24';
const BUFFER_MS = 200;

/**
 * The way to the origin: `origin -- isp -- router -- LAN`. The thin part is between isp and router,
 * shaped where it is entered, so that the sender itself notices nothing but losses and delay.
 */
export class WanLink {
  readonly origin: LanHost;
  readonly originAddress: string = ORIGIN;
  readonly originUrl: string = `http://${ORIGIN}`;
  /** The branch's end of it. */
  readonly router: LanHost;
  readonly #isp: LanHost;
  readonly #bufferMs: number;
  #downSinceMs: number | undefined;
  #downMs = 0;

  private constructor(nodes: { origin: LanHost; isp: LanHost; router: LanHost }, bufferMs: number) {
    this.#bufferMs = bufferMs;
    this.origin = nodes.origin;
    this.#isp = nodes.isp;
    this.router = nodes.router;
  }

  static async open(lan: Lan, options: WanOptions): Promise<WanLink> {
    const { downMbit, upMbit, bufferMs = BUFFER_MS, rttMs = 0, sender = 'cubic' } = options;
    const origin = await lan.addNode('origin', 0);
    const isp = await lan.addNode('isp', 0);
    const router = await lan.addNode('router', ROUTER_NUMBER);
    await lan.plugIn(router);
    await connect([origin, 'wan0', ORIGIN], [isp, 'org0', ISP_TO_ORIGIN]);
    await connect([isp, 'down0', ISP_TO_BRANCH], [router, 'wan0', BRANCH]);
    for (const each of [isp, router]) await each.run('sysctl', '-qw', 'net.ipv4.ip_forward=1');
    const link = new WanLink({ origin, isp, router }, bufferMs);
    await addRoute(origin, 'default', ISP_TO_ORIGIN, sender);
    await link.#addRouteToBranch();
    await addRoute(router, 'default', ISP_TO_BRANCH);
    const down = { mbit: downMbit, bufferMs };
    await shapeWan({ namespace: isp.namespace, name: 'down0' }, down);
    const up = { mbit: upMbit, bufferMs };
    await shapeWan({ namespace: router.namespace, name: 'wan0' }, up);
    if (rttMs > 0) {
      await delayPackets({ from: isp, to: origin, address: ORIGIN, delayMs: rttMs });
    }
    return link;
  }

  /** Gives a host of the LAN its way out. */
  async route(host: LanHost): Promise<void> {
    await addRoute(host, 'default', this.router.address);
  }

  /** Bytes that have come to the branch through the WAN, frames included. */
  async receivedBytes(): Promise<number> {
    return (await linkBytes(this.router.namespace, 'wan0')).received;
  }

  /** Bytes that the LAN has given to the router, frames included. */
  async receivedFromLanBytes(): Promise<number> {
    return (await linkBytes(this.router.namespace, LAN_INTERFACE)).received;
  }

  /** Milliseconds without a WAN so far. */
  get downMs(): number {
    const current = this.#downSinceMs === undefined ? 0 : performance.now() - this.#downSinceMs;
    return this.#downMs + current;
  }

  async routerMac(): Promise<string> {
    const shown = await ip('-n', this.router.namespace, '-j', 'link', 'show', LAN_INTERFACE);
    return JSON.parse(shown)[0].address;
  }

  async cut(): Promise<void> {
    await ip('-n', this.#isp.namespace, 'link', 'set', 'down0', 'down');
    this.#downSinceMs = performance.now();
  }

  async heal(): Promise<void> {
    await ip('-n', this.#isp.namespace, 'link', 'set', 'down0', 'up');
    await this.#addRouteToBranch();
    this.#downMs = this.downMs;
    this.#downSinceMs = undefined;
  }

  /** Limits what one host gets through the WAN, and leaves its LAN alone; for one host only. */
  async limit({ address }: LanHost, mbit: number): Promise<void> {
    const end = { namespace: this.router.namespace, name: LAN_INTERFACE };
    await shapeTowards(end, address, { mbit, bufferMs: this.#bufferMs });
  }

  async #addRouteToBranch(): Promise<void> {
    await addRoute(this.#isp, LAN_NETWORK, BRANCH);
  }
}

type End = readonly [node: LanHost, name: string, address: string];

async function connect(one: End, other: End): Promise<void> {
  const [near, far] = [one, other].map(([node, name]) => `${name} netns ${node.namespace}`);
  await ip(...`link add ${near} type veth peer name ${far}`.split(' '));
  for (const [node, name, address] of [one, other]) {
    await ip('-n', node.namespace, 'addr', 'add', `${address}/24`, 'dev', name);
    await ip('-n', node.namespace, 'link', 'set', name, 'up');
    await sendRealPackets(node, name);
  }
}

/**
 * With a congestion control of its own, whatever this machine is set to; a route may name it
 * without asking the machine.
 */
async function addRoute(
  node: LanHost,
  to: string,
  gateway: string,
  sender: CongestionControl = 'cubic',
): Promise<void> {
  const rule = `route replace ${to} via ${gateway} congctl ${sender}`;
  await ip('-n', node.namespace, ...rule.split(' '));
}
