import type { EventEmitter } from 'node:events';
import type { JobEvent } from '@peer-cache/protocol';

/** More unread events than this mean a reader that has stopped reading. */
const MOST_UNREAD = 10_000;

/** What tells of jobs. */
export type JobEventEmitter = EventEmitter<{ event: [JobEvent] }>;

/**
 * What is emitted from now on of all jobs, or of that with an ID, in order, until the signal; a
 * reader that lags too far is cut.
 */
export async function* eventStream(
  emitter: JobEventEmitter,
  { id, signal }: { readonly id?: string | undefined; readonly signal: AbortSignal },
): AsyncGenerator<JobEvent> {
  const cut = new AbortController();
  const isOver = AbortSignal.any([signal, cut.signal]);
  const unread: JobEvent[] = [];
  let wake = Promise.withResolvers<void>();
  const listener = (event: JobEvent): void => {
    if (id !== undefined && idOf(event) !== id) return;
    unread.push(event);
    if (unread.length > MOST_UNREAD) cut.abort();
    wake.resolve();
  };
  const end = (): void => wake.resolve();
  emitter.on('event', listener);
  isOver.addEventListener('abort', end, { once: true });
  try {
    while (!isOver.aborted) {
      yield* unread.splice(0);
      if (unread.length > 0) continue;
      await wake.promise;
      wake = Promise.withResolvers<void>();
    }
  } finally {
    emitter.off('event', listener);
    isOver.removeEventListener('abort', end);
  }
}

function idOf(event: JobEvent): string {
  if (event.event === 'job-removed') return event.id;
  return event.event === 'file-moved' ? event.jobId : event.job.id;
}
