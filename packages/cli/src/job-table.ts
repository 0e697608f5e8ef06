import type { JobPage, JobSummary } from '@peer-cache/protocol';
import { formatBytes, formatCount, printableLine } from './format.ts';
import { shareText, shortIdLength, stateColor } from './job-words.ts';
import { table } from './table.ts';
import type { Column } from './table.ts';
import type { ViewOptions } from './terminal.ts';

/** Jobs as a table, one line each. */
export function jobTable(jobs: readonly JobSummary[], { columns, colors }: ViewOptions): string[] {
  const idLength = shortIdLength(jobs.map(({ id }) => id));
  const shape: Column[] = [
    { title: 'ID' },
    { title: 'NAME', mayShrink: true },
    { title: 'STATE', paint: (text, cell) => stateColor(colors, cell)(text) },
    { title: 'PRIORITY' },
    { title: 'FILES', side: 'right' },
    { title: 'DONE', side: 'right' },
    { title: 'SIZE', side: 'right' },
  ];
  const rows = jobs.map((job) => [
    job.id.slice(0, idLength),
    printableLine(job.name),
    job.state,
    job.priority,
    `${job.transferredFileCount}/${job.fileCount}`,
    shareText(job),
    job.sizeBytes === undefined ? '-' : formatBytes(job.sizeBytes),
  ]);
  return table(shape, rows, { columns, paintTitle: colors.bold });
}

/** A page of jobs, and what a person may want to know next. */
export function jobListView(page: JobPage, options: ViewOptions): string[] {
  const { jobs, total, next } = page;
  if (jobs.length === 0) return ['no jobs'];
  const { dim } = options.colors;
  const failed = jobs.filter(({ state }) => state === 'error').length;
  const done = jobs.filter(({ state }) => state === 'transferred').length;
  const notes = [
    next === undefined
      ? ''
      : `${jobs.length} of ${formatCount(total, 'job')}; --all-pages shows all`,
    failed === 0
      ? ''
      : `${formatCount(failed, 'job')} in error: peer-cache why JOB tells the reason`,
    done === 0 ? '' : `${formatCount(done, 'job')} transferred: peer-cache job complete JOB`,
  ].filter((note) => note !== '');
  return [...jobTable(jobs, options), ...notes.map((note) => dim(note))];
}
