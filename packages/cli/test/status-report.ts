import type { AgentStatus } from '@peer-cache/protocol';
import test from 'ava';
import pc from 'picocolors';
import { overviewOf } from '../../jobs/src/job-page.ts';
import { statusReport } from '../src/status-report.ts';

const PLAIN = { columns: 79, colors: pc.createColors(false) };
const MIB = 2 ** 20;

const IDLE: AgentStatus = {
  version: '0.1.0',
  pid: 4711,
  peerId: '0123456789abcdef0123456789abcdef',
  uptimeSeconds: 7620,
  sharing: [
    { interfaceName: 'tun0', addresses: ['10.8.0.2'], isSharing: false, reason: 'a tunnel' },
  ],
  servedAt: [],
  peers: [],
  store: {
    folder: '/var/cache/peer-cache',
    segments: 1,
    usedBytes: 32 * MIB,
    limitBytes: 1024 * MIB,
  },
  received: { store: 0, peers: 0, origin: 0 },
  servedBytes: 0,
  transfers: [],
};

const BUSY: AgentStatus = {
  ...IDLE,
  sharing: [
    ...IDLE.sharing,
    {
      interfaceName: 'eth0',
      addresses: ['10.0.0.5', 'fd00::5'],
      isSharing: true,
      reason: 'Ethernet with a private address',
    },
  ],
  servedAt: ['10.0.0.5:7690', '[fd00::5]:7690'],
  peers: [
    { name: '10.0.0.7:7690', receivedBytes: 0 },
    {
      name: '10.0.0.6:7690',
      peerId: 'fedcba9876543210fedcba9876543210',
      receivedBytes: 900 * MIB,
      lastSeenSeconds: 3,
    },
  ],
  received: { store: 0, peers: 900 * MIB, origin: 100 * MIB },
  servedBytes: 5 * MIB,
  transfers: [
    {
      url: 'https://files.example/image.iso',
      path: '/home/me/\u001B[2Jimage.iso',
      sizeBytes: 1024 * MIB,
      doneBytes: 512 * MIB,
      bytes: { store: 0, peers: 500 * MIB, origin: 12 * MIB },
    },
    {
      url: 'https://files.example/log',
      doneBytes: 10,
      bytes: { store: 0, peers: 0, origin: 10 },
    },
  ],
};

test('an agent that shares nowhere says so and why', (t) => {
  t.is(
    statusReport(IDLE, PLAIN).join('\n'),
    `agent       running, version 0.1.0, pid 4711, up 2 h 7 min
peer ID     0123456789abcdef0123456789abcdef
sharing     nowhere: everything comes from the origins
            no  tun0  10.8.0.2  a tunnel
store       32.0 MiB of 1.0 GiB (3 %), 1 segment, /var/cache/peer-cache
received    0 B from the store, 0 B from peers, 0 B from origins
served      0 B to peers
peers       none
transfers   none`,
  );
});

test('a busy agent tells where it shares, with whom, and what it fetches', (t) => {
  t.is(
    statusReport(BUSY, PLAIN).join('\n'),
    `agent       running, version 0.1.0, pid 4711, up 2 h 7 min
peer ID     0123456789abcdef0123456789abcdef
sharing     on, peers reach us at 10.0.0.5:7690, [fd00::5]:7690
            yes  eth0  10.0.0.5 +1  Ethernet with a private address
            no   tun0  10.8.0.2     a tunnel
store       32.0 MiB of 1.0 GiB (3 %), 1 segment, /var/cache/peer-cache
received    90 % saved: 0 B from the store, 900 MiB from peers, 100 MiB from
            origins
served      5.0 MiB to peers
peers       10.0.0.6:7690  fedcba98  gave 900 MiB  seen 3.0 s ago
            10.0.0.7:7690  -         gave 0 B      not met yet
transfers   https://files.example/image.iso
              to /home/me/\\u{1b}[2Jimage.iso
              512 MiB of 1.0 GiB (50 %), 500 MiB from peers, 12.0 MiB from the origin
            https://files.example/log
              to a stream
              10 B, 0 B from peers, 10 B from the origin`,
  );
});

test('what jobs have sent is told where they have', (t) => {
  const { counts } = overviewOf([], [], 0);
  const jobs = { counts: { ...counts, transferred: 1 }, running: [], sentBytes: 1.5 * MIB };
  const report = statusReport({ ...IDLE, jobs }, PLAIN).join('\n');
  t.regex(report, /\nserved {6}0 B to peers\nsent {8}1\.5 MiB by uploads\npeers/);
});

test("an agent that joined the machine's says so, and where that does not answer", (t) => {
  const socketPath = '/run/peer-cache/machine.sock';
  const joined = { ...IDLE, sharing: [] };
  const machine = { role: 'joined', socketPath, isReachable: true } as const;
  const lines = statusReport({ ...joined, machine }, PLAIN).map((line) => line.trimEnd());
  t.true(lines.includes(`machine     joined to the machine's agent at ${socketPath}`));
  t.true(lines.includes("sharing     by the machine's agent"));
  const away = statusReport({ ...joined, machine: { ...machine, isReachable: false } }, PLAIN);
  t.true(away.includes('            which does not answer now'));
  const serving = statusReport({ ...IDLE, machine: { ...machine, role: 'serving' } }, PLAIN);
  t.true(serving.includes(`machine     serves its users at ${socketPath}`));
});

test('many peers are cut short', (t) => {
  const peers = Array.from({ length: 25 }, (_, index) => ({
    name: `10.0.0.${index}:7690`,
    receivedBytes: 0,
  }));
  const lines = statusReport({ ...IDLE, peers }, PLAIN);
  t.true(lines.includes('            and 5 more'));
});

test('what the network costs is told with who says so, as printable text', (t) => {
  const network = {
    cost: 'capped',
    source: 'configuration',
    reason: 'network.cost.ssid:\u001B[2JGuest Net',
  } as const;
  const lines = statusReport({ ...IDLE, network }, PLAIN);
  t.true(
    lines.includes('network     capped (network.cost.ssid:\\u{1b}[2JGuest Net)'),
    lines.join('\n'),
  );
});

test('who runs on battery and does not serve says so, who may serve does not', (t) => {
  const power = { isOnBattery: true, isServingAllowed: false };
  const quiet = statusReport({ ...BUSY, servedAt: [], power }, PLAIN).join('\n');
  t.true(quiet.includes('sharing     on battery: not serving, only fetching (serving.on_battery)'));
  const serving = statusReport({ ...BUSY, power: { ...power, isServingAllowed: true } }, PLAIN);
  t.true(serving.join('\n').includes('sharing     on, peers reach us at 10.0.0.5:7690'));
});

function told(background: AgentStatus['background']): string | undefined {
  const lines = statusReport({ ...IDLE, background }, PLAIN);
  return lines.find((line) => line.startsWith('background'));
}

test('what is done in the background says how it fares, and for whom it stands back', (t) => {
  const free = { isOthersTurn: false, queueMs: 10, bytesPerSecond: 6 * MIB };
  t.is(told(undefined), undefined, 'nothing was asked for yet');
  t.is(told(free), 'background  uses what others leave, 10 ms of queue, the link brings 6.0 MiB/s');
  t.is(told({ ...free, bytesPerSecond: 0 }), 'background  uses what others leave, 10 ms of queue');
  t.is(
    told({ ...free, yieldsFor: 'delay', queueMs: 90 }),
    'background  stands back: others keep the link busy',
  );
  t.is(
    told({ ...free, isOthersTurn: true }),
    'background  it is the turn of another agent of this network',
  );
});
