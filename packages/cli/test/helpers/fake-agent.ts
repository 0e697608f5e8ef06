import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { dirname, join } from 'node:path';
import { json } from 'node:stream/consumers';
import type { AgentStatus, JobDetails, JobEvent, JobState } from '@peer-cache/protocol';
import type { ExecutionContext } from 'ava';
import { fakeJob, summaryOf } from './fake-job.ts';

/** A request that the agent was sent. */
export interface SeenRequest {
  readonly line: string;
  readonly body: unknown;
}

const STATE_AFTER: Readonly<Record<string, JobState>> = {
  suspend: 'suspended',
  resume: 'queued',
  cancel: 'cancelled',
};
const STATUS: AgentStatus = {
  version: '0.1.0',
  pid: 4711,
  peerId: '0123456789abcdef0123456789abcdef',
  uptimeSeconds: 7620,
  sharing: [],
  servedAt: ['10.0.0.5:7690', '[fd00::5]:7690', '[fd12:3456:789a:bcde::5]:7690'],
  peers: [{ name: '10.0.0.6:7690', receivedBytes: 1, lastSeenSeconds: 3 }],
  store: { folder: '/var/cache/peer-cache/store', segments: 1, usedBytes: 5, limitBytes: 10 },
  received: { store: 0, peers: 900 * 2 ** 20, origin: 100 * 2 ** 20 },
  servedBytes: 0,
  transfers: [],
};

/** Jobs in a Map behind the control socket of a user, as the agent's control API has them. */
export class FakeAgent {
  readonly jobs: Map<string, JobDetails> = new Map();
  readonly requests: SeenRequest[] = [];
  readonly #listeners = new Set<ServerResponse>();
  readonly #server: Server;

  constructor(server: Server) {
    this.#server = server;
  }

  /** Answers in the home of a user until the test is over. */
  static async start(t: ExecutionContext, home: string): Promise<FakeAgent> {
    const socketPath = join(home, 'peer-cache', 'control.sock');
    await mkdir(dirname(socketPath), { recursive: true, mode: 0o700 });
    const server = createServer();
    const agent = new FakeAgent(server);
    server.on('request', (request, response) => void agent.#answer(request, response));
    server.listen(socketPath);
    await once(server, 'listening');
    t.teardown(() => agent.stop());
    return agent;
  }

  /** Ends like an agent that is killed. */
  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  add(job: JobDetails): JobDetails {
    this.jobs.set(job.id, job);
    return job;
  }

  /** Changes a job and tells who listens. */
  move(job: JobDetails, changes: Partial<JobDetails>): JobDetails {
    const moved = { ...job, ...changes };
    this.add(moved);
    const event = changes.state === undefined ? 'job-progressed' : 'job-moved';
    this.tell({ event, job: summaryOf(moved) });
    return moved;
  }

  tell(event: JobEvent): void {
    for (const listener of this.#listeners) {
      listener.write(`event: ${event.event}\ndata: ${JSON.stringify(event)}\n\n`);
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request;
    const hasBody = request.headers['content-type'] === 'application/json';
    const body: unknown = hasBody ? await json(request) : undefined;
    this.requests.push({ line: `${method} ${url}`, body });
    const { pathname, searchParams } = new URL(url, 'http://agent');
    const [, , what = '', job, verb] = pathname.split('/');
    if (what === 'events') {
      this.#listeners.add(response);
      response.once('close', () => this.#listeners.delete(response));
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('retry: 2000\n\n');
      return;
    }
    const { status, answer } = this.#answerTo(
      { method, what, job: job === undefined ? undefined : decodeURIComponent(job), verb },
      { body, query: searchParams },
    );
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer));
  }

  #answerTo(
    route: { method: string; what: string; job: string | undefined; verb: string | undefined },
    { body, query }: { body: unknown; query: URLSearchParams },
  ): { status: number; answer: unknown } {
    const { method, what, job: asked, verb } = route;
    if (what === 'status') return { status: 200, answer: this.#status() };
    if (asked === undefined) {
      if (method === 'GET') return { status: 200, answer: this.#page(query) };
      return { status: 201, answer: this.add(jobAsked(body)) };
    }
    const job = [...this.jobs.values()].find(
      ({ id, name }) => id.startsWith(asked) || name === asked,
    );
    if (job === undefined) {
      const message = `there is no job ${asked}; peer-cache job list shows all`;
      return { status: 404, answer: { code: 'JOB_NOT_FOUND', message, transient: false } };
    }
    if (verb === 'why') return { status: 200, answer: explanation(job) };
    if (verb === 'complete') {
      const released = job.files.map(({ path }) => path);
      const answer = { state: 'acknowledged', released, dropped: [], failures: [] };
      return { status: 200, answer };
    }
    const state = STATE_AFTER[verb ?? ''];
    return { status: 200, answer: state === undefined ? job : this.move(job, { state }) };
  }

  #page(query: URLSearchParams): unknown {
    const states = query.get('state')?.split(',');
    const all = [...this.jobs.values()].filter(({ state }) => states?.includes(state) ?? true);
    const start = Number(query.get('after') ?? 0);
    const end = start + Number(query.get('limit') ?? 100);
    const next = end < all.length ? { next: String(end) } : {};
    return { jobs: all.slice(start, end).map(summaryOf), total: all.length, ...next };
  }

  #status(): AgentStatus {
    const jobs = [...this.jobs.values()].map(summaryOf);
    const count = (state: JobState): number => jobs.filter((job) => job.state === state).length;
    const counts = {
      suspended: count('suspended'),
      queued: count('queued'),
      connecting: count('connecting'),
      transferring: count('transferring'),
      'transient-error': count('transient-error'),
      error: count('error'),
      transferred: count('transferred'),
      acknowledged: 0,
      cancelled: 0,
    };
    const running = jobs.filter(({ state }) => state === 'transferring');
    return { ...STATUS, jobs: { counts, running } };
  }
}

function jobAsked(body: unknown): JobDetails {
  const text = JSON.stringify(body);
  const [, name = ''] = /"name":"([^"]*)"/.exec(text) ?? [];
  return fakeJob({ name, state: text.includes('"resume":true') ? 'queued' : 'suspended' });
}

function explanation({ id, name, state }: JobDetails): unknown {
  const text =
    'the origin files.example.com answered 503 and asked for patience; peer-cache job resume tries at once';
  return { id, name, state, reasons: [{ code: 'retry-delay', text, inSeconds: 492 }] };
}
