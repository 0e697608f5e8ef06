// One host with fifty names: each claims runs that are wanted, and brings nothing. `node fifty-ids.ts
// ADDRESS CONTENT-URL [ADDRESSES]`, on a host of a branch office, with so many addresses.
import { execFileSync } from 'node:child_process';
import process from 'node:process';
import type { PeerAddress } from '@peer-cache/discovery';
import type { ContentSegment } from '@peer-cache/download';
import { MOST_CLAIMS_TOLD, MOST_PEERS_TOLD } from '@peer-cache/protocol';
import { LAN_INTERFACE } from '../../../../packages/discovery/test/helpers/namespaces.ts';
import { NOTHING_TOLD, startBarePeer } from '../../bare-peer.ts';
import type { BarePeer, Told } from '../../bare-peer.ts';
import { beFound, pose, sayReady } from './posing.ts';
import { Spy } from './spy.ts';
import type { OpenRun } from './spy.ts';

const IDS = 50;
const FIRST_PORT = 7500;
/** More than hosts have; the last number of the addresses beside the own. */
const FIRST_ADDRESS = 150;
/** What each begins with: the runs of another. */
const RUNS_APART = 2;
const EVERYWHERE = '0.0.0.0';

interface Name {
  readonly peer: BarePeer;
  /** Where others are told that it is. */
  readonly address: PeerAddress;
}

const posed = await pose();
const { address, content, asked } = posed;
const addresses = ownAddresses(Number(process.argv[4] ?? 1));
let openRuns: readonly OpenRun[] = [];
let version = 1;
const peers: Name[] = [];
for (let number = 0; number < IDS; number++) {
  const manners = {
    tell: (segment: ContentSegment) => tell(number, segment),
    // Silence, until whoever asked gives up.
    give: () => undefined,
    heard: (message: 'hello' | 'state' | 'blocks', caller: string) => asked.note(message, caller),
  };
  const host = addresses[number % addresses.length] ?? address;
  const port = FIRST_PORT + number;
  // All are announced at one address: half of them can't be reached there.
  const listensAt = number % 2 === 0 ? EVERYWHERE : host;
  const peer = await startBarePeer(content, manners, { host: listensAt, port });
  peers.push({ peer, address: { host, port } });
}
const finders = await Promise.all(peers.map((each) => beFound(posed, each.address.port)));
const [finder] = finders;
const [first] = peers;
if (finder === undefined || first === undefined) throw new RangeError('no names');
const spy = new Spy({ content, finder, own: first.address });
openRuns = spy.openRuns();
sayReady(posed);
await spy.watch(() => {
  openRuns = spy.openRuns();
  version++;
  for (const { peer } of peers) peer.news();
});

function tell(number: number, segment: ContentSegment): Told {
  const at = (number * RUNS_APART) % Math.max(1, openRuns.length);
  const wanted = [...openRuns.slice(at), ...openRuns.slice(0, at)].slice(0, MOST_CLAIMS_TOLD);
  const claims = wanted.flatMap(({ segment: { index }, runIndex }) => {
    return index === segment.index ? { runIndex, kind: 'own' as const, receivedBytes: 0 } : [];
  });
  return { ...NOTHING_TOLD, version, standing: 'foreground', claims, peers: toldBy(number) };
}

/** Each tells of as many others as it may. */
function toldBy(number: number) {
  const others = [...peers.slice(number + 1), ...peers.slice(0, number)];
  return others.slice(0, MOST_PEERS_TOLD).map((other) => {
    return { peerId: other.peer.peerId, ...other.address };
  });
}

function ownAddresses(count: number): string[] {
  const network = address.slice(0, address.lastIndexOf('.'));
  const more = Array.from({ length: count - 1 }, (_, at) => `${network}.${FIRST_ADDRESS + at}`);
  for (const each of more) {
    execFileSync('ip', ['addr', 'add', `${each}/24`, 'dev', LAN_INTERFACE]);
  }
  return [address, ...more];
}
