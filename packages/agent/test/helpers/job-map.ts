import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import {
  JobAmbiguousError,
  JobEmptyError,
  JobNotFoundError,
  JobRequestError,
  JobStateError,
} from '@peer-cache/jobs';
import type { JobControl, JobQuery } from '@peer-cache/jobs';
import type {
  CompletionReport,
  JobChanges,
  JobDetails,
  JobEvent,
  JobExplanation,
  JobReply,
  JobFileRequest,
  JobPage,
  JobRequest,
  JobSettings,
  JobState,
  JobSummary,
  Retarget,
  SecretNames,
  SettingChanges,
} from '@peer-cache/protocol';

const SETTINGS: JobSettings = {
  name: '',
  description: '',
  priority: 'normal',
  minimumRetryDelaySeconds: 600,
  noProgressTimeoutSeconds: 1_209_600,
  maximumDownloadSeconds: 7_776_000,
  autoComplete: false,
  overwrite: false,
  sharing: true,
  notify: [],
  transport: { proxy: { use: 'environment' }, redirects: 'follow', allowHttp: false },
};
const FINAL: readonly JobState[] = ['acknowledged', 'cancelled'];

/** Jobs in a Map that transfer nothing: what `JobControl` promises, for whoever calls it. */
export class JobMap implements JobControl {
  readonly #jobs = new Map<string, JobDetails>();
  readonly #events = new EventEmitter<{ happened: [JobEvent] }>();
  /** How many listen to events now. */
  get listeners(): number {
    return this.#events.listenerCount('happened');
  }

  async create(request: JobRequest): Promise<JobDetails> {
    const { files = [], secrets, resume, ...settings } = request;
    const id = randomUUID();
    const job = detailsOf(id, withChanges(SETTINGS, settings));
    this.#jobs.set(id, { ...job, secrets: namesOf(secrets) });
    this.happen({ event: 'job-created', job });
    if (files.length > 0) await this.addFiles(id, files);
    return resume === true ? await this.resume(id) : this.details(id);
  }

  list({ states, limit = 100, after }: JobQuery = {}): JobPage {
    const matching = [...this.#jobs.values()].filter(
      ({ state }) => states?.includes(state) ?? true,
    );
    const start = matching.findIndex(({ id }) => id === after) + 1;
    const jobs = matching.slice(start, start + limit);
    const next = start + limit < matching.length ? jobs.at(-1)?.id : undefined;
    return { jobs: jobs.map((job) => summaryOf(job)), total: matching.length, next };
  }

  details(job: string): JobDetails {
    const all = [...this.#jobs.values()];
    const fits = ({ id, name }: JobDetails): boolean =>
      name === job || (job.length >= 4 && id.startsWith(job));
    const fitting = all.filter((each) => fits(each));
    const [found] = fitting;
    if (found === undefined) throw new JobNotFoundError(job);
    if (fitting.length === 1) return found;
    throw new JobAmbiguousError(
      job,
      fitting.map(({ id }) => id),
    );
  }

  async reply(): Promise<JobReply> {
    return { path: '/a.reply', sizeBytes: 2, base64: 'b2s=' };
  }

  why(job: string): JobExplanation {
    const { id, name, state } = this.details(job);
    return { id, name, state, reasons: [{ code: state, text: `the job is ${state}` }] };
  }

  async addFiles(job: string, files: readonly JobFileRequest[]): Promise<JobDetails> {
    const found = this.details(job);
    const relative = files.find(({ path }) => !path.startsWith('/'));
    if (relative) throw new JobRequestError(`path ${relative.path} is not absolute`);
    const added = files.map(({ url, path }, place) => ({
      index: found.files.length + place,
      url,
      path,
      state: 'waiting' as const,
      doneBytes: 0,
    }));
    return this.#save({ ...found, files: [...found.files, ...added] });
  }

  async set(job: string, { secrets, ...changes }: JobChanges): Promise<JobDetails> {
    const found = this.details(job);
    const settings = withChanges(found.settings, changes);
    const { name, priority } = settings;
    const names = secrets === undefined ? found.secrets : namesOf(secrets);
    return this.#save({ ...found, settings, name, priority, secrets: names });
  }

  async suspend(job: string): Promise<JobDetails> {
    return this.#move(job, 'suspended', 'be suspended');
  }

  async resume(job: string): Promise<JobDetails> {
    if (this.details(job).files.length === 0) throw new JobEmptyError(job);
    return this.#move(job, 'queued', 'be resumed');
  }

  async complete(job: string): Promise<CompletionReport> {
    const { files } = this.details(job);
    const { state } = this.#move(job, 'acknowledged', 'be completed');
    return { state, released: [], dropped: files.map(({ path }) => path), failures: [] };
  }

  async cancel(job: string): Promise<JobDetails> {
    const cancelled = this.#move(job, 'cancelled', 'be cancelled');
    this.#jobs.delete(cancelled.id);
    return cancelled;
  }

  async retarget(job: string, retarget: Retarget): Promise<JobDetails> {
    const found = this.details(job);
    const urlOf = ({ index, url }: { index: number; url: string }): string => {
      if ('url' in retarget) return index === retarget.fileIndex ? retarget.url : url;
      const { oldPrefix, newPrefix } = retarget;
      return url.startsWith(oldPrefix) ? newPrefix + url.slice(oldPrefix.length) : url;
    };
    return this.#save({
      ...found,
      files: found.files.map((file) => ({ ...file, url: urlOf(file) })),
    });
  }

  events({ job, signal }: { job?: string; signal: AbortSignal }): AsyncIterable<JobEvent> {
    const emitter = this.#events;
    return new ReadableStream<JobEvent>({
      start(controller) {
        const listener = (event: JobEvent): void => {
          if (job === undefined || idOf(event) === job) controller.enqueue(event);
        };
        emitter.on('happened', listener);
        signal.addEventListener('abort', () => {
          emitter.off('happened', listener);
          controller.close();
        });
      },
    });
  }

  /** Tells an event to whoever listens. */
  happen(event: JobEvent): void {
    this.#events.emit('happened', event);
  }

  #move(job: string, state: JobState, wanted: string): JobDetails {
    const found = this.details(job);
    if (FINAL.includes(found.state)) throw new JobStateError(job, found.state, wanted);
    const moved = this.#save({ ...found, state });
    this.happen({ event: 'job-moved', job: summaryOf(moved), from: found.state });
    return moved;
  }

  #save(job: JobDetails): JobDetails {
    const saved = { ...job, fileCount: job.files.length };
    this.#jobs.set(saved.id, saved);
    return saved;
  }
}

function detailsOf(id: string, settings: JobSettings): JobDetails {
  const { name, priority } = settings;
  return {
    id,
    kind: 'download',
    name,
    state: 'suspended',
    priority,
    fileCount: 0,
    transferredFileCount: 0,
    failedFileCount: 0,
    doneBytes: 0,
    bytes: { store: 0, peers: 0, origin: 0 },
    createdMs: 1000,
    modifiedMs: 1000,
    settings,
    secrets: namesOf({}),
    files: [],
    errorCount: 0,
    errors: [],
    times: { activeSeconds: 0, noProgressSeconds: 0, inactiveSeconds: 0 },
  };
}

function summaryOf(job: JobDetails): JobSummary {
  const {
    settings: _s,
    secrets: _n,
    files: _f,
    errorCount: _c,
    errors: _e,
    times: _t,
    ...rest
  } = job;
  return rest;
}

function namesOf(secrets: JobRequest['secrets'] = {}): SecretNames {
  const { headers = {}, origin, proxy, clientCertificate } = secrets;
  return {
    headers: Object.keys(headers),
    origin: origin !== undefined,
    proxy: proxy !== undefined,
    clientCertificate: clientCertificate !== undefined,
  };
}

function idOf(event: JobEvent): string {
  if (event.event === 'job-removed') return event.id;
  return event.event === 'file-moved' ? event.jobId : event.job.id;
}

function withChanges(before: JobSettings, { limit, costPolicy, ...changes }: SettingChanges) {
  return {
    ...before,
    ...changes,
    ...(limit !== undefined && { limit: limit === 'none' ? undefined : limit }),
    ...(costPolicy !== undefined && {
      costPolicy: costPolicy === 'default' ? undefined : costPolicy,
    }),
  };
}
