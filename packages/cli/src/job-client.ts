import type {
  CompletionReport,
  FilesAddition,
  JobChanges,
  JobDetails,
  JobEvent,
  JobExplanation,
  JobPage,
  JobReply,
  JobRequest,
  JobState,
  Retarget,
} from '@peer-cache/protocol';
import { askAgent, callAgent, isRecord, linesOf, parseAnswer } from './control-call.ts';
import { AgentGoneError } from './errors.ts';

/** Which jobs to list. */
export interface JobListQuery {
  readonly states?: readonly JobState[] | undefined;
  readonly limit?: number | undefined;
  /** `next` of the page before. */
  readonly after?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What a person may do to a job without a word more; completing answers in another way. */
export type JobVerb = 'suspend' | 'resume' | 'cancel';

const JOBS = '/v1/jobs';
const DATA_FIELD = /^data: ?(.*?)\r?$/;

/** Has the agent create, change and tell of jobs. A job is named as the agent lets people name it. */
export class JobClient {
  readonly #socketPath: string;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  async list({ states = [], limit, after, signal }: JobListQuery = {}): Promise<JobPage> {
    const query = { state: states.length === 0 ? undefined : states.join(','), limit, after };
    return await askAgent(this.#socketPath, { path: JOBS, query, signal }, isPage);
  }

  async create(body: JobRequest): Promise<JobDetails> {
    return await askAgent(this.#socketPath, { method: 'POST', path: JOBS, body }, isDetails);
  }

  async details(job: string, { signal }: { signal?: AbortSignal } = {}): Promise<JobDetails> {
    return await askAgent(this.#socketPath, { path: pathOf(job), signal }, isDetails);
  }

  async set(job: string, body: JobChanges): Promise<JobDetails> {
    const call = { method: 'PATCH', path: pathOf(job), body } as const;
    return await askAgent(this.#socketPath, call, isDetails);
  }

  async addFiles(job: string, body: FilesAddition): Promise<JobDetails> {
    const call = { method: 'POST', path: pathOf(job, 'files'), body } as const;
    return await askAgent(this.#socketPath, call, isDetails);
  }

  async act(job: string, verb: JobVerb): Promise<JobDetails> {
    const call = { method: 'POST', path: pathOf(job, verb) } as const;
    return await askAgent(this.#socketPath, call, isDetails);
  }

  async complete(job: string): Promise<CompletionReport> {
    const call = { method: 'POST', path: pathOf(job, 'complete') } as const;
    return await askAgent(this.#socketPath, call, isCompletion);
  }

  async retarget(job: string, body: Retarget): Promise<JobDetails> {
    const call = { method: 'POST', path: pathOf(job, 'retarget'), body } as const;
    return await askAgent(this.#socketPath, call, isDetails);
  }

  async reply(job: string): Promise<JobReply> {
    return await askAgent(this.#socketPath, { path: pathOf(job, 'reply') }, isReply);
  }

  async why(job: string): Promise<JobExplanation> {
    return await askAgent(this.#socketPath, { path: pathOf(job, 'why') }, isExplanation);
  }

  /**
   * What happens from now on to one job, or to all. Resolves when the agent listens: whatever is
   * asked after that misses nothing.
   */
  async events({
    job,
    signal,
  }: {
    readonly job?: string | undefined;
    readonly signal: AbortSignal;
  }): Promise<AsyncGenerator<JobEvent>> {
    const call = { path: '/v1/events', query: { job }, signal };
    const lines = linesOf(await callAgent(this.#socketPath, call));
    return eventsOf(lines);
  }
}

/** Each event is one line of JSON after `data:`; its name is in there too. */
async function* eventsOf(lines: AsyncIterable<string>): AsyncGenerator<JobEvent> {
  for await (const line of lines) {
    const [, data] = DATA_FIELD.exec(line) ?? [];
    if (data !== undefined) yield parseAnswer(data, isJobEvent);
  }
  throw new AgentGoneError();
}

function pathOf(job: string, what?: string): string {
  const path = `${JOBS}/${encodeURIComponent(job)}`;
  return what === undefined ? path : `${path}/${what}`;
}

function isPage(value: unknown): value is JobPage {
  return isRecord(value) && Array.isArray(value['jobs']) && typeof value['total'] === 'number';
}

function isDetails(value: unknown): value is JobDetails {
  return isRecord(value) && typeof value['id'] === 'string' && Array.isArray(value['files']);
}

function isCompletion(value: unknown): value is CompletionReport {
  return isRecord(value) && Array.isArray(value['released']) && Array.isArray(value['failures']);
}

function isExplanation(value: unknown): value is JobExplanation {
  return isRecord(value) && typeof value['id'] === 'string' && Array.isArray(value['reasons']);
}

function isReply(value: unknown): value is JobReply {
  return isRecord(value) && typeof value['base64'] === 'string';
}

function isJobEvent(value: unknown): value is JobEvent {
  return isRecord(value) && typeof value['event'] === 'string';
}
