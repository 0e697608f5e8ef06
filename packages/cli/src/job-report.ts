import { shownRate } from '@peer-cache/bandwidth';
import type { JobDetails, JobFileStatus, JobSettings, SecretNames } from '@peer-cache/protocol';
import { formatCount, formatDuration, printable, printableLine } from './format.ts';
import { errorText, progressText, sourcesText, stateColor } from './job-words.ts';
import type { ViewOptions } from './terminal.ts';
import { wrapped } from './text-width.ts';
import { formatAgo, formatIn, formatTime } from './time-words.ts';

const LABEL_WIDTH = 13;

/** Everything of a job, for a person. URLs and paths stand whole, on lines of their own. */
export function jobReport(
  job: JobDetails,
  { columns, colors, nowMs }: ViewOptions & { readonly nowMs: number },
): string[] {
  const { settings, files } = job;
  const [first = ''] = job.id.split('-');
  const moment = (ms: number): string => `${formatTime(ms)} (${formatAgo(ms, nowMs)})`;
  const rows: readonly (readonly [string, string, ((text: string) => string)?])[] = [
    ['job', job.id],
    ['name', printableLine(job.name)],
    ['description', printable(settings.description)],
    ['state', job.state, stateColor(colors, job.state)],
    ['error', job.error === undefined ? '' : errorText(job.error), stateColor(colors, job.state)],
    ['tried again', job.retryInSeconds === undefined ? '' : formatIn(job.retryInSeconds, nowMs)],
    ['priority', job.priority],
    ['progress', `${progressText(job)}, ${fileCounts(job)}`],
    [job.kind === 'download' ? 'received' : 'transfer', sourcesText(job)],
    ['created', moment(job.createdMs)],
    ['changed', moment(job.modifiedMs)],
    ['transferred', job.transferredMs === undefined ? '' : moment(job.transferredMs)],
    ['time limits', limitsText(settings)],
    ['network', networkText(settings)],
    ['options', optionsText(job)],
    ['credentials', secretsText(job.secrets)],
    [
      'errors',
      job.errorCount === 0 ? 'none' : `${job.errorCount} so far: peer-cache job log ${first}`,
    ],
  ];
  const lines = rows.flatMap(([label, text, paint = String]) => {
    const parts = text === '' ? [] : wrapped(text, columns - LABEL_WIDTH);
    return parts.map(
      (part, index) => colors.bold((index === 0 ? label : '').padEnd(LABEL_WIDTH)) + paint(part),
    );
  });
  const fileLines = files.flatMap((file) => fileReport(file, { columns, colors }));
  return [...lines, ...(files.length === 0 ? [] : ['', colors.bold('files'), ...fileLines])];
}

function fileReport(file: JobFileStatus, { columns, colors }: ViewOptions): string[] {
  const { index, url, path, state, error, mirrors = [], ranges = [] } = file;
  const indent = `${String(index).padStart(3)}  `;
  const under = ' '.repeat(indent.length);
  const rangeTexts = ranges.map(({ startByte, endByte }) => `${startByte}-${lastByte(endByte)}`);
  const reason = error === undefined ? [] : wrapped(errorText(error), columns - under.length);
  return [
    `${indent}${state}, ${progressText(file)}`,
    under + printableLine(url),
    ...mirrors.map((mirror) => `${under}or ${printableLine(mirror)}`),
    under + printableLine(path),
    ...(rangeTexts.length === 0
      ? []
      : wrapped(`bytes ${rangeTexts.join(', ')}`, columns - under.length).map(
          (line) => under + line,
        )),
    ...reason.map((line) => under + colors.red(line)),
  ];
}

function lastByte(endByte: number | undefined): string {
  return endByte === undefined ? '' : String(endByte - 1);
}

function fileCounts({ fileCount, transferredFileCount, failedFileCount }: JobDetails): string {
  const failed = failedFileCount === 0 ? '' : `, ${failedFileCount} failed`;
  return `${transferredFileCount} of ${formatCount(fileCount, 'file')}${failed}`;
}

function limitsText({
  minimumRetryDelaySeconds,
  noProgressTimeoutSeconds,
  maximumDownloadSeconds,
}: JobSettings): string {
  const [retry, noProgress, maximum] = [
    minimumRetryDelaySeconds,
    noProgressTimeoutSeconds,
    maximumDownloadSeconds,
  ].map((seconds) => formatDuration(seconds * 1000));
  return `retry after ${retry}, give up after ${noProgress} without progress or ${maximum} in all`;
}

/** What is usual is not told. */
function networkText({ limit, costPolicy }: JobSettings): string {
  const rate = limit === undefined ? '' : `at most ${shownRate(limit)} over the WAN`;
  return [
    limit === 0 ? 'blocked: nothing may come over the WAN (limit 0)' : rate,
    costPolicy === undefined ? '' : `cost policy ${costPolicy}`,
  ]
    .filter((text) => text !== '')
    .join(', ');
}

function optionsText({ kind, settings }: JobDetails): string {
  const { autoComplete, overwrite, sharing, notify, transport } = settings;
  const { proxy, redirects, allowHttp, caFile } = transport;
  return [
    autoComplete ? 'completes by itself' : 'waits for job complete',
    ...(kind === 'upload' ? [] : [overwrite ? 'replaces files' : 'replaces no files']),
    ...(kind === 'upload' ? [] : [sharing ? 'shares with peers' : 'no sharing']),
    proxy.use === 'explicit' ? `proxy ${printableLine(proxy.url)}` : '',
    proxy.use === 'none' ? 'no proxy' : '',
    redirects === 'follow' ? '' : `redirects: ${redirects}`,
    allowHttp ? 'may leave HTTPS' : '',
    caFile === undefined ? '' : `also trusts ${printableLine(caFile)}`,
    notify.length === 0 ? '' : `tells ${notify.map((name) => printableLine(name)).join(', ')}`,
  ]
    .filter((text) => text !== '')
    .join(', ');
}

function secretsText({ headers, origin, proxy, clientCertificate }: SecretNames): string {
  return [
    origin ? 'for the origin' : '',
    proxy ? 'for the proxy' : '',
    clientCertificate ? 'client certificate' : '',
    headers.length === 0 ? '' : `headers ${headers.map((name) => printableLine(name)).join(', ')}`,
  ]
    .filter((text) => text !== '')
    .join(', ');
}
