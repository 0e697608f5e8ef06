import { setTimeout as sleep } from 'node:timers/promises';
import type {
  CompletionReport,
  JobChanges,
  JobDetails,
  JobPage,
  JobRequest,
  JobSummary,
  Retarget,
} from '@peer-cache/protocol';
import { controlCall } from '../../packages/agent/test/helpers/control-call.ts';

const POLL_MS = 25;
/** Far more than anything here takes, even on a machine that does much else. */
const MOST_WAIT_MS = 40_000;
const GONE = new Set(['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE']);

/** What the agent answered instead of what was asked. */
export class RefusedCallError extends Error {
  readonly code: string;

  constructor(status: number | undefined, text: string) {
    super(`HTTP ${status}: ${text}`);
    const { code }: { readonly code?: string } = JSON.parse(text);
    this.code = code ?? 'NONE';
  }
}

/** Whether no agent was there, or it went before it answered. */
export function isAgentGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && GONE.has(String(error.code));
}

/** Jobs of an agent, over its control socket, as any program would use them. */
export class JobClient {
  readonly #socketPath: string;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  async create(request: JobRequest): Promise<JobDetails> {
    const job: JobDetails = JSON.parse(await this.#ask('POST', '/v1/jobs', request));
    return job;
  }

  async list(): Promise<readonly JobSummary[]> {
    const page: JobPage = JSON.parse(await this.#ask('GET', '/v1/jobs?limit=1000'));
    return page.jobs;
  }

  async details(id: string): Promise<JobDetails> {
    const job: JobDetails = JSON.parse(await this.#ask('GET', `/v1/jobs/${id}`));
    return job;
  }

  async set(id: string, changes: JobChanges): Promise<JobDetails> {
    const job: JobDetails = JSON.parse(await this.#ask('PATCH', `/v1/jobs/${id}`, changes));
    return job;
  }

  async do(verb: 'suspend' | 'resume', id: string): Promise<JobDetails> {
    const job: JobDetails = JSON.parse(await this.#ask('POST', `/v1/jobs/${id}/${verb}`));
    return job;
  }

  async cancel(id: string): Promise<void> {
    await this.#ask('DELETE', `/v1/jobs/${id}`);
  }

  async complete(id: string): Promise<CompletionReport> {
    const report: CompletionReport = JSON.parse(await this.#ask('POST', `/v1/jobs/${id}/complete`));
    return report;
  }

  async retarget(id: string, retarget: Retarget): Promise<JobDetails> {
    const job: JobDetails = JSON.parse(
      await this.#ask('POST', `/v1/jobs/${id}/retarget`, retarget),
    );
    return job;
  }

  /** Polls until the job is as it should be; tells how it is where that does not happen. */
  async until(
    id: string,
    isAsWanted: (job: JobDetails) => boolean,
    mostMs: number = MOST_WAIT_MS,
  ): Promise<JobDetails> {
    const latestMs = performance.now() + mostMs;
    for (;;) {
      const job = await this.details(id);
      if (isAsWanted(job)) return job;
      if (performance.now() > latestMs) throw new Error(`never so: ${JSON.stringify(job)}`);
      await sleep(POLL_MS);
    }
  }

  async #ask(method: string, path: string, body?: object): Promise<string> {
    const call = body === undefined ? { method } : { method, body: JSON.stringify(body) };
    const { status, text } = await controlCall(this.#socketPath, path, call);
    if (status === undefined || status >= 300) throw new RefusedCallError(status, text);
    return text;
  }
}
