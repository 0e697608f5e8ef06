import type { JobSummary } from '@peer-cache/protocol';
import { isAgentGone, RefusedCallError } from '../job-client.ts';
import type { JobClient } from '../job-client.ts';
import type { PlannedJob } from './torture-plan.ts';

export interface JobKeeperParts {
  readonly client: JobClient;
  readonly random: () => number;
  /** The origin's. */
  readonly url: string;
  /** Where a content of the job goes. */
  readonly pathOf: (content: string) => string;
  /** A completion is about to be asked for. */
  readonly onCompleting: () => void;
}

/** A person is no faster than the agent's own second try. */
const RESUME_CHANCE = 0.1;
/** Of calls for a job that moved since it was listed. */
const OVERTAKEN = new Set(['JOB_STATE', 'JOB_NOT_FOUND']);
const SUSPEND_CHANCE = 0.003;

/** Does with one job what a person would, whatever happens to the agent, until it is completed. */
export class JobKeeper {
  readonly plan: PlannedJob;
  /** No more of it is to come: it was completed. */
  isDone = false;
  /** From origin and peers, as the agent itself has it. */
  fetchedBytes = 0;
  readonly #parts: JobKeeperParts;
  #id: string | undefined;
  #mayBeGone = false;

  constructor(parts: JobKeeperParts, plan: PlannedJob) {
    this.#parts = parts;
    this.plan = plan;
    this.#mayBeGone = plan.autoComplete;
  }

  /** Does the next thing, where there is one to do. @throws {Error} where the job is not as it must be */
  async step(jobs: readonly JobSummary[]): Promise<void> {
    if (this.isDone) return;
    const mine = jobs.filter(({ name }) => name === this.plan.name);
    if (mine.length > 1) throw new Error(`${this.plan.name} is there ${mine.length} times`);
    const [job] = mine;
    if (job !== undefined) return await this.#tend(job);
    if (this.#id === undefined) return await this.#create();
    if (!this.#mayBeGone) throw new Error(`${this.plan.name} is lost`);
    this.isDone = true;
  }

  async #create(): Promise<void> {
    const { name, priority, contents, ranges, autoComplete } = this.plan;
    const files = contents.map((content) => ({
      url: this.#urlOf(content, this.plan.isWrongAtFirst),
      path: this.#parts.pathOf(content),
      ...(ranges === undefined ? {} : { ranges }),
    }));
    const resume = this.#parts.random() < 0.5;
    // A call that is cut off may have created it: then it is found by its name.
    const job = await this.#parts.client.create({ name, priority, autoComplete, files, resume });
    this.#id = job.id;
  }

  async #tend(job: JobSummary): Promise<void> {
    this.#id ??= job.id;
    if (job.id !== this.#id) throw new Error(`${job.name} is ${job.id}, was ${this.#id}`);
    this.fetchedBytes = job.bytes.origin + job.bytes.peers;
    const { client, random } = this.#parts;
    if (job.state === 'transferred') await this.#complete(job.id);
    else if (job.state === 'suspended') await client.do('resume', job.id);
    else if (job.state === 'error') await this.#mend(job);
    else if (job.state === 'transient-error') {
      if (random() < RESUME_CHANCE) await client.do('resume', job.id);
    } else if (random() < SUSPEND_CHANCE) await client.do('suspend', job.id);
  }

  /** Only a wrong URL is worth an error here: all else passes. */
  async #mend({ id, error }: JobSummary): Promise<void> {
    const { client } = this.#parts;
    const [content = ''] = this.plan.contents;
    if (!this.plan.isWrongAtFirst || error?.code !== 'ORIGIN_NOT_FOUND') {
      throw new Error(`${this.plan.name} is in error: ${JSON.stringify(error)}`);
    }
    await client.retarget(id, { fileIndex: 0, url: this.#urlOf(content, false) });
    await client.do('resume', id);
  }

  async #complete(id: string): Promise<void> {
    if (this.plan.autoComplete) return;
    this.#mayBeGone = true;
    this.#parts.onCompleting();
    const { failures, dropped } = await this.#parts.client.complete(id);
    if (failures.length + dropped.length > 0) {
      throw new Error(`${this.plan.name}: ${JSON.stringify({ failures, dropped })}`);
    }
    this.isDone = true;
  }

  #urlOf(content: string, isWrong: boolean): string {
    return `${this.#parts.url}/${isWrong ? 'nothing-by-this-name' : content}`;
  }
}

/** Lets all of them do their next step; false where the agent went meanwhile. */
export async function stepAll(client: JobClient, keepers: readonly JobKeeper[]): Promise<boolean> {
  try {
    const jobs = await client.list();
    const known = new Set(keepers.map(({ plan }) => plan.name));
    const strange = jobs.find(({ name }) => !known.has(name));
    if (strange !== undefined) throw new Error(`a job that nobody created: ${strange.name}`);
    for (const keeper of keepers) await stepped(keeper, jobs);
    return true;
  } catch (error) {
    if (isAgentGone(error)) return false;
    throw error;
  }
}

/** What a job was a moment ago may allow what it does not now: the next list tells. */
async function stepped(keeper: JobKeeper, jobs: readonly JobSummary[]): Promise<void> {
  try {
    await keeper.step(jobs);
  } catch (error) {
    if (error instanceof RefusedCallError && OVERTAKEN.has(error.code)) return;
    throw error;
  }
}
