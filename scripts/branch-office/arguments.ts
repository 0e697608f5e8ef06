import { parseArgs } from 'node:util';
import { MEASURE_NAMES, MEASURES } from '../../test/helpers/branch-office/measures.ts';
import type { Scenario } from '../../test/helpers/branch-office/scenario.ts';
import { SCENARIOS } from '../../test/helpers/branch-office/scenarios.ts';

export interface BenchArguments {
  readonly scenarios: readonly Scenario[];
  readonly runs: number;
  readonly sizeBytes: number;
  readonly downMbit: number;
  readonly upMbit: number;
  readonly hosts: number | undefined;
  readonly withOthers: boolean;
  readonly logFolder: string | undefined;
  readonly jsonPath: string | undefined;
}

/** A command line that makes no sense. */
export class UsageError extends Error {}

const BYTES_PER_MB = 1e6;
const OPTIONS = {
  runs: { type: 'string', default: '3' },
  size: { type: 'string', default: '200' },
  down: { type: 'string', default: '50' },
  up: { type: 'string', default: '10' },
  hosts: { type: 'string' },
  'no-others': { type: 'boolean', default: false },
  logs: { type: 'string' },
  json: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** What is to be done, or undefined where help is wanted. */
export function parseArguments(args: readonly string[]): BenchArguments | undefined {
  const { values, positionals } = parsed(args);
  if (values.help) return undefined;
  return {
    scenarios: positionals.length === 0 ? SCENARIOS : positionals.map(scenarioOf),
    runs: positive('runs', values.runs),
    sizeBytes: positive('size', values.size) * BYTES_PER_MB,
    downMbit: positive('down', values.down),
    upMbit: positive('up', values.up),
    hosts: values.hosts === undefined ? undefined : positive('hosts', values.hosts),
    withOthers: !values['no-others'],
    logFolder: values.logs,
    jsonPath: values.json,
  };
}

export function helpText(): string {
  const scenarios = SCENARIOS.map(({ name, title }) => `  ${name.padEnd(15)} ${title}`);
  const measures = MEASURE_NAMES.map((name) => {
    const { title, meaning } = MEASURES[name];
    return `  ${title.padEnd(15)} ${meaning}`;
  });
  return `npm run bench:branch -- [SCENARIO...] [OPTIONS]

Builds a branch office of network namespaces (an origin, a thin WAN with a buffer of 200 ms, a
router, and hosts on a LAN), has real agents as installed fetch a file, and measures; so do other
programs. Needs Linux and root. Exit code 1: a figure of ours falls short of its aim.

  --runs 3        runs of each, whose medians are shown
  --size 200      size of the file in MB
  --down 50       Mbit/s of the WAN towards the branch
  --up 10         Mbit/s of the WAN from the branch
  --hosts N       other than the scenario's own number
  --no-others     only peer-cache
  --logs FOLDER   where the last log lines of each agent are written
  --json FILE     where every figure of every run is written

Scenarios (all of them, unless some are named):
${scenarios.join('\n')}

What is measured:
${measures.join('\n')}
`;
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'the options make no sense');
  }
}

function scenarioOf(name: string): Scenario {
  const found = SCENARIOS.find((each) => each.name === name);
  if (found !== undefined) return found;
  throw new UsageError(`no scenario ${name}; there are ${SCENARIOS.map((s) => s.name).join(', ')}`);
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new UsageError(`--${name} must be a positive whole number, got ${text}`);
}
