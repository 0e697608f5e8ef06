import { setTimeout as sleep } from 'node:timers/promises';
import { measureBackground } from './phases/background.ts';
import { measureIdle } from './phases/idle.ts';
import type { IdleOffice } from './phases/idle.ts';
import { OUR_PHASES } from './phases/ours.ts';
import type { Subject } from './subjects/subject.ts';
import { PAUSE_SECONDS } from './timetable.ts';
import type { YieldMeasures } from './yield-measures.ts';
import { inYieldSite } from './yield-site.ts';
import type { YieldSetup, YieldSite } from './yield-site.ts';

/** What came of one program in one run. */
export interface SubjectReport {
  readonly key: string;
  readonly measures: YieldMeasures;
  /** What did not go as it should, in words. */
  readonly problems: readonly string[];
}

export interface CellReport {
  readonly idle: IdleOffice;
  readonly subjects: readonly SubjectReport[];
}

export interface CellEvents {
  readonly idle: (idle: IdleOffice) => void;
  readonly subject: (report: SubjectReport) => void;
}

/** Measures an idle office, and then each of the programs in it. */
export async function runCell(
  setup: YieldSetup,
  subjects: readonly Subject[],
  events: CellEvents,
): Promise<CellReport> {
  return await inYieldSite(setup, async (site) => {
    const idle = await measureIdle(site);
    events.idle(idle);
    const reports: SubjectReport[] = [];
    for (const subject of subjects) {
      const report = await reportOf(subject, site, idle);
      events.subject(report);
      reports.push(report);
    }
    return { idle, subjects: reports };
  });
}

/** What fails leaves its figures out, and says why. */
async function reportOf(
  subject: Subject,
  site: YieldSite,
  idle: IdleOffice,
): Promise<SubjectReport> {
  const phases = [
    () => measureBackground(site, subject, idle),
    ...(subject.isOurs ? OUR_PHASES.map((phase) => () => phase(site, idle)) : []),
  ];
  let measures: YieldMeasures = {};
  const problems: string[] = [];
  for (const phase of phases) {
    try {
      measures = { ...measures, ...(await phase()) };
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
    }
    await sleep(PAUSE_SECONDS * 1000);
  }
  return { key: subject.key, measures, problems };
}
