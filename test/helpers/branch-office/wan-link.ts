import { ip, LAN_INTERFACE } from '../../../packages/discovery/test/helpers/namespaces.ts';
import type { Lan, LanHost } from '../../../packages/discovery/test/helpers/namespaces.ts';
import { sendRealPackets, shapeTowards, shapeWan } from './shaping.ts';
import { linkBytes } from './traffic.ts';

export interface WanOptions {
  readonly downMbit: number;
  readonly upMbit: number;
}

/** Of the router, within the LAN. */
const ROUTER_NUMBER = 254;
const ORIGIN = '10.200.0.2';
const ISP_TO_ORIGIN = '10.200.0.1';
const ISP_TO_BRANCH = '10.201.0.1';
const BRANCH = '10.201.0.2';
const LAN_NETWORK = '10.77.0.0/24';
/** As deep as those of cheap routers. */
const BUFFER_MS = 200;

/**
 * The way to the origin: `origin -- isp -- router -- LAN`. The thin part is between isp and router,
 * shaped where it is entered, so that the sender itself notices nothing but losses and delay.
 */
export class WanLink {
  readonly origin: LanHost;
  readonly originAddress: string = ORIGIN;
  readonly originUrl: string = `http://${ORIGIN}`;
  readonly #isp: LanHost;
  readonly #router: LanHost;
  #downSinceMs: number | undefined;
  #downMs = 0;

  private constructor(nodes: { origin: LanHost; isp: LanHost; router: LanHost }) {
    this.origin = nodes.origin;
    this.#isp = nodes.isp;
    this.#router = nodes.router;
  }

  static async open(lan: Lan, { downMbit, upMbit }: WanOptions): Promise<WanLink> {
    const origin = await lan.addNode('origin', 0);
    const isp = await lan.addNode('isp', 0);
    const router = await lan.addNode('router', ROUTER_NUMBER);
    await lan.plugIn(router);
    await connect([origin, 'wan0', ORIGIN], [isp, 'org0', ISP_TO_ORIGIN]);
    await connect([isp, 'down0', ISP_TO_BRANCH], [router, 'wan0', BRANCH]);
    for (const each of [isp, router]) await each.run('sysctl', '-qw', 'net.ipv4.ip_forward=1');
    const link = new WanLink({ origin, isp, router });
    await addRoute(origin, 'default', ISP_TO_ORIGIN);
    await link.#addRouteToBranch();
    await addRoute(router, 'default', ISP_TO_BRANCH);
    const down = { mbit: downMbit, bufferMs: BUFFER_MS };
    await shapeWan({ namespace: isp.namespace, name: 'down0' }, down);
    const up = { mbit: upMbit, bufferMs: BUFFER_MS };
    await shapeWan({ namespace: router.namespace, name: 'wan0' }, up);
    return link;
  }

  /** Gives a host of the LAN its way out. */
  async route(host: LanHost): Promise<void> {
    await addRoute(host, 'default', this.#router.address);
  }

  /** Bytes that have come to the branch through the WAN, frames included. */
  async receivedBytes(): Promise<number> {
    return (await linkBytes(this.#router.namespace, 'wan0')).received;
  }

  /** Bytes that the LAN has given to the router, frames included. */
  async receivedFromLanBytes(): Promise<number> {
    return (await linkBytes(this.#router.namespace, LAN_INTERFACE)).received;
  }

  /** Milliseconds without a WAN so far. */
  get downMs(): number {
    const current = this.#downSinceMs === undefined ? 0 : performance.now() - this.#downSinceMs;
    return this.#downMs + current;
  }

  async routerMac(): Promise<string> {
    const shown = await ip('-n', this.#router.namespace, '-j', 'link', 'show', LAN_INTERFACE);
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
    const end = { namespace: this.#router.namespace, name: LAN_INTERFACE };
    await shapeTowards(end, address, { mbit, bufferMs: BUFFER_MS });
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

/** With cubic, whatever this machine is set to; a route may name it without asking the machine. */
async function addRoute(node: LanHost, to: string, gateway: string): Promise<void> {
  const rule = `route replace ${to} via ${gateway} congctl cubic`;
  await ip('-n', node.namespace, ...rule.split(' '));
}
