import type { WriteStream } from 'node:tty';
import type { JobEvent, JobState, JobSummary } from '@peer-cache/protocol';
import { printableLine } from './format.ts';
import type { JobClient } from './job-client.ts';
import { errorText, progressText, STATE_ORDER } from './job-words.ts';
import { LiveLines } from './live-lines.ts';
import { RateMeter } from './rate-meter.ts';
import { colorsFor } from './terminal.ts';
import { formatTime } from './time-words.ts';
import { liveJobsView } from './watch-view.ts';

/** As many as an agent gives at once, and more than any terminal has lines. */
const MOST_JOBS = 1000;
const REDRAW_MS = 1000;
const OVER: readonly JobState[] = ['acknowledged', 'cancelled'];
const LIVE_STATES = STATE_ORDER.filter((state) => !OVER.includes(state));

/** Shows all jobs in a terminal, drawn over and over, until aborted. */
export async function watchJobsLive(
  client: JobClient,
  { stream, signal }: { readonly stream: WriteStream; readonly signal: AbortSignal },
): Promise<void> {
  const events = await client.events({ signal });
  const { jobs: known } = await client.list({ states: LIVE_STATES, limit: MOST_JOBS, signal });
  const jobs = new Map(known.map((job) => [job.id, job]));
  const lines = new LiveLines(stream);
  const colors = colorsFor(stream);
  const meter = new RateMeter();
  const draw = (): void => {
    const { columns, rows } = lines;
    const { bytesPerSecond } = meter;
    const now = { nowMs: Date.now(), bytesPerSecond };
    lines.draw(liveJobsView([...jobs.values()], { columns, rows, colors, ...now }));
  };
  const received = new ReceivedBytes();
  for (const job of known) received.note(job);
  draw();
  const timer = setInterval(() => {
    meter.add(performance.now(), received.total);
    draw();
  }, REDRAW_MS);
  try {
    for await (const event of events) {
      if ('job' in event) received.note(event.job);
      apply(jobs, event);
    }
  } finally {
    clearInterval(timer);
  }
}

/** Tells what happens to jobs, a line or one of JSON each, until aborted. */
export async function watchJobsAsLines(
  client: JobClient,
  {
    say,
    json,
    signal,
  }: {
    readonly say: (line: string) => void;
    readonly json: boolean;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  for await (const event of await client.events({ signal })) {
    if (json) say(JSON.stringify(event));
    else if (event.event === 'job-created' || event.event === 'job-moved') {
      say(`${formatTime(Date.now())}  ${moveLine(event.job)}`);
    }
  }
}

/** Bytes that jobs received, whether they are still here or not. */
class ReceivedBytes {
  readonly #last = new Map<string, number>();
  total = 0;

  note({ id, bytes: { store, peers, origin }, sentBytes = 0 }: JobSummary): void {
    const bytes = store + peers + origin + sentBytes;
    const before = this.#last.get(id) ?? bytes;
    this.total += Math.max(0, bytes - before);
    this.#last.set(id, bytes);
  }
}

function apply(jobs: Map<string, JobSummary>, event: JobEvent): void {
  if (event.event === 'job-removed') jobs.delete(event.id);
  else if (event.event !== 'file-moved') jobs.set(event.job.id, event.job);
}

function moveLine(job: JobSummary): string {
  const [short = ''] = job.id.split('-');
  const error = job.error === undefined ? '' : `: ${errorText(job.error)}`;
  const progress = job.sizeBytes === undefined ? '' : `, ${progressText(job)}`;
  return `${short}  ${printableLine(job.name)}  ${job.state}${error}${progress}`;
}
