import { JobAmbiguousError, JobNotFoundError } from './errors.ts';
import type { Job } from './job.ts';

/** Fewer characters of an ID are more likely a name. */
const LEAST_ID_CHARACTERS = 4;
const MOST_SHOWN = 5;

/**
 * The job that goes by this ID, by the beginning of this ID, or by this name.
 *
 * @throws {JobNotFoundError | JobAmbiguousError}
 */
export function findJob(jobs: ReadonlyMap<string, Job>, wanted: string): Job {
  const exact = jobs.get(wanted);
  if (exact !== undefined) return exact;
  const all = [...jobs.values()];
  const named = all.filter(({ record }) => record.settings.name === wanted);
  const isStart = wanted.length >= LEAST_ID_CHARACTERS;
  const begun = isStart ? all.filter(({ id }) => id.startsWith(wanted.toLowerCase())) : [];
  const found = new Set([...named, ...begun]);
  const [only] = found;
  if (only === undefined) throw new JobNotFoundError(wanted);
  if (found.size === 1) return only;
  const ids = Array.from(found, ({ id }) => id);
  throw new JobAmbiguousError(wanted, ids.slice(0, MOST_SHOWN));
}
