import type { WriteStream } from 'node:tty';
import type { JobDetails, JobEvent } from '@peer-cache/protocol';
import type { JobViewer } from './follow-job.ts';
import { LiveLines } from './live-lines.ts';
import { RateMeter } from './rate-meter.ts';
import { colorsFor } from './terminal.ts';
import { formatTime } from './time-words.ts';
import { liveJobView, watchLine } from './watch-view.ts';
import { endOf } from './watched-job.ts';

const REDRAW_MS = 1000;
/** Often enough to see that it goes on, seldom enough for a log. */
const LINE_EVERY_MS = 10_000;

/** Tells one job's details again: what events do not tell is asked for meanwhile. */
export type Refresh = (job: JobDetails) => Promise<JobDetails>;

/** A view that is drawn over and over in a terminal. */
export function liveJobViewer(stream: WriteStream, refresh: Refresh): JobViewer {
  const lines = new LiveLines(stream);
  const colors = colorsFor(stream);
  const meter = new RateMeter();
  let job: JobDetails | undefined;
  const draw = (): void => {
    if (job === undefined) return;
    meter.add(performance.now(), job.doneBytes);
    const { columns, rows } = lines;
    const { bytesPerSecond } = meter;
    lines.draw(liveJobView(job, { columns, rows, colors, bytesPerSecond, nowMs: Date.now() }));
  };
  const update = async (): Promise<void> => {
    const shown = job;
    if (shown !== undefined && needsRefresh(shown)) {
      const fresh = await refresh(shown);
      // What happened meanwhile is newer.
      if (job === shown) job = fresh;
    }
    draw();
  };
  // A refresh that fails is followed by the end of the events, which tells.
  const timer = setInterval(() => void update().catch(() => undefined), REDRAW_MS);
  timer.unref();
  return {
    show(next) {
      job = next;
      draw();
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

/** A line when the state changes, and now and then while bytes arrive; the end is told elsewhere. */
export function plainJobViewer(say: (line: string) => void): JobViewer {
  let shownState: string | undefined;
  let shownMs = 0;
  return {
    show(job) {
      const nowMs = Date.now();
      if (endOf(job) !== undefined) return;
      if (job.state === shownState && nowMs - shownMs < LINE_EVERY_MS) return;
      shownState = job.state;
      shownMs = nowMs;
      say(`${formatTime(nowMs)}  ${watchLine(job)}`);
    },
    [Symbol.dispose]() {},
  };
}

/** What happens, as JSON lines; what the job was like at the start comes first, as `job-changed`. */
export function jsonJobViewer(say: (line: string) => void): JobViewer {
  return {
    show: (job, event) => {
      const told: JobEvent = event ?? { event: 'job-changed', job };
      say(JSON.stringify(told));
    },
    [Symbol.dispose]() {},
  };
}

/** Of a job of one file, its own events tell everything. */
function needsRefresh({ files, state }: JobDetails): boolean {
  return files.length > 1 && state === 'transferring';
}
