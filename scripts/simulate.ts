// Who fetches what, simulated: `npm run simulate -- --help`, docs/simulator.md.
import process from 'node:process';
import { parseArgs } from 'node:util';
import { isScenarioName, SCENARIOS } from '../test/bench/simulator/scenario.ts';
import { MEGABIT } from '../test/bench/simulator/settings.ts';
import { simulate } from '../test/bench/simulator/simulate.ts';
import type { Outcome } from '../test/bench/simulator/simulate.ts';

const HELP = `Simulates the rules of who fetches what from the origin, in virtual time.

npm run simulate -- [--peers 8] [--size 200] [--wan 50] [--lan 1000] [--seeds 1,2,3]
                    [--background] [--scenario NAME]... [--neighbours 24] [--known 128]
                    [--late MS]

  --size    of the content, in MiB
  --wan     of the line, in Mbit/s that contents may use
  --lan     of each host, in Mbit/s
  --known   peers that each remembers
  --late    by how many ms things are noticed late at most, twice on their way

Scenarios: ${Object.keys(SCENARIOS).join(', ')}.

copies    bytes over the WAN by bytes of the content
all in    with content information;  wire  with frames, too (x 1.046)
time      until the last is done, by the time of the line alone; not of those who came late
spread    the last by the median
late      the longest that one who came late took, by the time of the line alone
msgs/s    answers about state that a peer gives in a second
dup %     blocks that came again;  waste %  bytes of requests that were given up
own, stolen, taken: claims of each kind;  yields  claims given up for another`;

const COLUMNS =
  'seed,copies,all in,wire,time,spread,late,msgs/s,dup %,waste %,own,stolen,taken,yields,CPU s'.split(
    ',',
  );
/** Of Ethernet, IP, TCP and HTTP. */
const FRAMES = 1.046;

const { values } = parseArgs({
  options: {
    peers: { type: 'string', default: '8' },
    size: { type: 'string', default: '200' },
    wan: { type: 'string', default: '50' },
    lan: { type: 'string', default: '1000' },
    seeds: { type: 'string', default: '1' },
    neighbours: { type: 'string', default: '24' },
    known: { type: 'string', default: '128' },
    late: { type: 'string' },
    background: { type: 'boolean', default: false },
    scenario: { type: 'string', multiple: true },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) console.log(HELP);
else main();

function main(): void {
  const peers = numberIn(values.peers);
  const runs = numberIn(values.size);
  const settings = {
    runs,
    wanBytesPerMs: numberIn(values.wan) * MEGABIT,
    lanBytesPerMs: numberIn(values.lan) * MEGABIT,
    neighbours: numberIn(values.neighbours),
    acquaintances: numberIn(values.known),
    mostLateMs: values.late === undefined ? 0 : numberIn(values.late),
    standing: values.background ? ('background' as const) : ('foreground' as const),
  };
  console.log(`${peers} peers, ${runs} MiB, ${values.wan} Mbit/s`);
  console.log(line('scenario', COLUMNS));
  for (const scenario of values.scenario ?? Object.keys(SCENARIOS)) {
    if (!isScenarioName(scenario)) throw new RangeError(`no scenario is called ${scenario}`);
    for (const seed of values.seeds.split(',').map(numberIn)) {
      const before = process.cpuUsage();
      const outcome = simulate({ scenario, peers, seed, settings });
      const cells = [...cellsOf(outcome, runs), cpuSecondsSince(before).toFixed(1)];
      console.log(line(scenario, [String(seed), ...cells]) + remarksOn(outcome));
    }
  }
}

function cellsOf(outcome: Outcome, runs: number): string[] {
  const { copies, allIn, time, spread, late, messagesPerSecond, counts, wastedShare } = outcome;
  return [
    copies.toFixed(3),
    allIn.toFixed(3),
    (allIn * FRAMES).toFixed(3),
    time.toFixed(3),
    spread.toFixed(3),
    late === 0 ? '' : late.toFixed(3),
    messagesPerSecond.toFixed(0),
    ((100 * counts.duplicates) / (runs * 16)).toFixed(2),
    (100 * wastedShare).toFixed(2),
    String(counts.own),
    String(counts.stolen),
    String(counts.takeover),
    String(counts.yields),
  ];
}

function remarksOn({ leastCopies, unfinished }: Outcome): string {
  const least = leastCopies > 1 ? `  at least ${leastCopies.toFixed(3)} copies` : '';
  return unfinished > 0 ? `${least}  ${unfinished} never had all` : least;
}

function line(name: string, cells: readonly string[]): string {
  return [name.padEnd(16), ...cells.map((cell) => cell.padStart(7))].join(' ');
}

function numberIn(text: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new RangeError(`not a number above 0: ${text}`);
  return number;
}

function cpuSecondsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}
