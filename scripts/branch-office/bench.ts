import { combined, MEASURE_NAMES, MEASURES } from '../../test/helpers/branch-office/measures.ts';
import type { Measures } from '../../test/helpers/branch-office/measures.ts';
import { OTHER_PROGRAMS } from '../../test/helpers/branch-office/other-programs.ts';
import { runOther } from '../../test/helpers/branch-office/run-other.ts';
import type { RunReport } from '../../test/helpers/branch-office/run-report.ts';
import { runScenario } from '../../test/helpers/branch-office/run-scenario.ts';
import type { RunSetup } from '../../test/helpers/branch-office/run-setup.ts';
import type { Scenario } from '../../test/helpers/branch-office/scenario.ts';
import type { BenchArguments } from './arguments.ts';
import type { TableRow } from './table.ts';

/** Everything about one program in one scenario. */
export interface BenchResult extends TableRow {
  readonly runs: readonly RunReport[];
}

/** Held against every scenario: who should end does, and what crosses the LAN crosses it once. */
const COMMON_AIMS: Measures = { wrong: 0, twice: 0.02 };

/** Plays a scenario as often as asked for, and has the others do the same in between. */
export async function benchScenario(
  scenario: Scenario,
  setup: RunSetup,
  { runs, withOthers }: BenchArguments,
): Promise<BenchResult[]> {
  const programs = [
    { name: 'peer-cache', aims: { ...COMMON_AIMS, ...scenario.aims }, run: ours },
    ...othersOf(scenario, withOthers),
  ];
  const reports = new Map<string, RunReport[]>();
  const label = setup.hosts === undefined ? scenario.name : `${scenario.name}, N=${setup.hosts}`;
  console.log(`\n${label}: ${scenario.title}`);
  for (let number = 1; number <= runs; number++) {
    for (const { name, run } of programs) {
      const report = await run();
      reports.set(name, [...(reports.get(name) ?? []), report]);
      console.log(`  ${name}, ${number} of ${runs}: ${summary(report)}`);
      for (const line of [...report.problems, ...report.remarks]) console.log(`    ${line}`);
    }
  }
  return programs.map(({ name, aims }) => {
    const own = reports.get(name) ?? [];
    const measures = combined(own.map((report) => report.measures));
    return { scenario: label, program: name, measures, aims, runs: own };
  });

  async function ours(): Promise<RunReport> {
    return await runScenario(scenario, setup);
  }

  function othersOf({ isCompared = false, hosts }: Scenario, isWanted: boolean) {
    if (!isCompared || !isWanted) return [];
    return OTHER_PROGRAMS.map((program) => ({
      name: program.name,
      aims: {},
      run: () => runOther(program, { ...setup, hosts: setup.hosts ?? hosts }),
    }));
  }
}

function summary({ measures, hostSeconds }: RunReport): string {
  const parts = MEASURE_NAMES.flatMap((name) => {
    const value = measures[name];
    return value === undefined ? [] : `${MEASURES[name].title} ${MEASURES[name].shown(value)}`;
  });
  if (hostSeconds.length > 0) {
    const [first, last] = [Math.min(...hostSeconds), Math.max(...hostSeconds)];
    parts.push(`hosts done after ${first.toFixed(1)} to ${last.toFixed(1)} s`);
  }
  return parts.join(', ');
}
