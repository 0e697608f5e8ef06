import type { JobDetails, JobEvent } from '@peer-cache/protocol';
import type { JobClient } from './job-client.ts';
import { endOf, withEvent } from './watched-job.ts';
import type { WatchEnd } from './watched-job.ts';

/** Whoever looks at a job while it is followed. */
export interface JobViewer extends Disposable {
  /** `event` is absent for what the job was like at the start. */
  show(job: JobDetails, event?: JobEvent): void;
}

export interface FollowOptions {
  readonly viewer: JobViewer;
  readonly signal: AbortSignal;
  /** How long a job may be `transferred` that should complete by itself: 10 seconds. */
  readonly patienceMs?: number;
}

/** A job that completes by itself does so at once, or can't. */
const COMPLETION_PATIENCE_MS = 10_000;

/**
 * Follows a job until nothing more happens to it without a person. A job that should complete by
 * itself and stays `transferred` has failed.
 */
export async function followJob(
  client: JobClient,
  job: string,
  { viewer, signal, patienceMs = COMPLETION_PATIENCE_MS }: FollowOptions,
): Promise<WatchEnd> {
  using patience = new Patience(patienceMs);
  const wanted = AbortSignal.any([signal, patience.signal]);
  const events = await client.events({ job, signal: wanted });
  // Asked now that the agent tells what happens: nothing is missed in between.
  let details = await client.details(job, { signal });
  viewer.show(details);
  try {
    for (let end = endOf(details); ; end = endOf(details)) {
      if (end !== undefined) return end;
      patience.note(details);
      const { value: event, done = false } = await events.next();
      if (done) return { how: 'failed', job: details };
      details = withEvent(details, event);
      viewer.show(details, event);
    }
  } catch (error) {
    if (!patience.isOver || signal.aborted) throw error;
    return { how: 'failed', job: details };
  }
}

/** Aborts when a job has been `transferred` for too long without completing by itself, and at its end. */
class Patience implements Disposable {
  readonly #patienceMs: number;
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs;
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  note({ state }: JobDetails): void {
    if (state !== 'transferred') {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      return;
    }
    this.#timer ??= setTimeout(() => {
      this.#isOver = true;
      this.#stop.abort();
    }, this.#patienceMs).unref();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#stop.abort();
  }
}
