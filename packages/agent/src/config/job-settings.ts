import { DAY_MS, SECOND_MS } from '@peer-cache/core';
import { COST_POLICIES } from '@peer-cache/protocol';
import type { CostPolicy } from '@peer-cache/protocol';
import { FOLDERS } from './folders.ts';
import { durationSetting, folderSetting, numberSetting, textSetting } from './setting.ts';
import type { Setting } from './setting.ts';

/** What is configured of the queue, checked. Durations are what a job has that says nothing else. */
export interface JobsConfig {
  readonly folder: string;
  readonly mostJobs: number;
  readonly mostFiles: number;
  readonly mostRanges: number;
  readonly minimumRetryDelayMs: number;
  readonly noProgressTimeoutMs: number;
  readonly inactivityTimeoutMs: number;
  readonly maximumDownloadMs: number;
  readonly runningAtOnce: number;
  readonly filesAtOnce: number;
  readonly costPolicy: CostPolicy;
}

/** The settings of `jobs` by the names that {@link JobsConfig} has, `jobs` before each. */
export interface JobSettingsTable {
  readonly jobsFolder: Setting<string>;
  readonly jobsMostJobs: Setting<number>;
  readonly jobsMostFiles: Setting<number>;
  readonly jobsMostRanges: Setting<number>;
  readonly jobsMinimumRetryDelay: Setting<number>;
  readonly jobsNoProgressTimeout: Setting<number>;
  readonly jobsInactivityTimeout: Setting<number>;
  readonly jobsMaximumDownloadTime: Setting<number>;
  readonly jobsRunningAtOnce: Setting<number>;
  readonly jobsFilesAtOnce: Setting<number>;
  readonly jobsCostPolicy: Setting<CostPolicy>;
}

/** Of BITS: a number of seconds in 31 bits. */
const MOST_DOWNLOAD_DAYS = 24_855;
const MOST_OF_ANYTHING = 1_000_000;

/** BITS TM-01 to TM-04, LIM-02 to LIM-04 and COST-03, with the defaults of BITS. */
export const JOB_SETTINGS: JobSettingsTable = {
  jobsFolder: folderSetting({
    key: 'jobs.folder',
    doc: 'Where the journal of jobs and their secrets are kept. On a disk of this machine.',
    fallback: FOLDERS.jobs,
  }),
  jobsMostJobs: countSetting(
    'jobs.most_jobs',
    'Most jobs that are not completed or cancelled.',
    60,
  ),
  jobsMostFiles: countSetting('jobs.most_files', 'Most files of a job.', 200),
  jobsMostRanges: countSetting('jobs.most_ranges', 'Most byte ranges of a file.', 500),
  jobsMinimumRetryDelay: durationSetting({
    key: 'jobs.minimum_retry_delay',
    doc: 'How long a job waits after a transient error, unless it says otherwise itself.',
    expects: 'a time of 5 s to 999 d, such as "10 min"',
    fallback: '10 min',
    leastMs: 5 * SECOND_MS,
    mostMs: 999 * DAY_MS,
  }),
  jobsNoProgressTimeout: durationSetting({
    key: 'jobs.no_progress_timeout',
    doc: 'Transient errors for so long without a byte become an error; "0 s": the first one does.',
    expects: 'a time of up to 999 d, such as "14 d"',
    fallback: '14 d',
    leastMs: 0,
    mostMs: 999 * DAY_MS,
  }),
  jobsInactivityTimeout: durationSetting({
    key: 'jobs.inactivity_timeout',
    doc: 'A job to which nothing happens for so long is cancelled, and what it fetched deleted.',
    expects: 'a time of 1 d to 999 d, such as "90 d"',
    fallback: '90 d',
    leastMs: DAY_MS,
    mostMs: 999 * DAY_MS,
  }),
  jobsMaximumDownloadTime: durationSetting({
    key: 'jobs.maximum_download_time',
    doc: 'How long a job may connect and transfer, waiting not counted, unless it says otherwise.',
    expects: `a time of 1 s to ${MOST_DOWNLOAD_DAYS} d, such as "90 d"`,
    fallback: '90 d',
    leastMs: SECOND_MS,
    mostMs: MOST_DOWNLOAD_DAYS * DAY_MS,
  }),
  jobsRunningAtOnce: numberSetting({
    key: 'jobs.running_at_once',
    doc: 'How many jobs transfer at the same time, those in the foreground not counted.',
    expects: 'a number from 1 to 64',
    fallback: 12,
    isAllowed: (jobs) => jobs >= 1 && jobs <= 64,
  }),
  jobsFilesAtOnce: numberSetting({
    key: 'jobs.files_at_once',
    doc: 'How many files of one job transfer at the same time.',
    expects: 'a number from 1 to 16',
    fallback: 4,
    isAllowed: (files) => files >= 1 && files <= 16,
  }),
  jobsCostPolicy: textSetting({
    key: 'jobs.cost_policy',
    doc: 'On which networks a job may run, by what they cost, unless it says otherwise itself.',
    expects: `one of ${COST_POLICIES.join(', ')}`,
    fallback: 'always',
    parse: (text) => COST_POLICIES.find((policy) => policy === text),
  }),
};

function countSetting(key: string, doc: string, fallback: number): Setting<number> {
  const expects = `a number from 1 to ${MOST_OF_ANYTHING}`;
  const isAllowed = (count: number): boolean => count >= 1 && count <= MOST_OF_ANYTHING;
  return numberSetting({ key, doc, expects, fallback, isAllowed });
}
