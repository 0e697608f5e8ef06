import { SECOND_MS } from '@peer-cache/core';
import type { JobControl } from '@peer-cache/jobs';
import type { ControlPath, JobEvent } from '@peer-cache/protocol';
import type { FastifyInstance } from 'fastify';
import { describeRoute } from './describe-route.ts';
import { JOB_EVENT } from './job-answer-schemas.ts';
import { LiveAnswer } from './live-answer.ts';
import { EVENT_QUERY } from './query-schemas.ts';
import type { EventQuery } from './query-schemas.ts';
import { untilGone } from './until-gone.ts';

const EVENTS: ControlPath = '/v1/events';
const EVENT_STREAM = 'text/event-stream';

/** Tells a reader that went quiet from one that is gone, also through whatever lies between. */
const HEARTBEAT_MS = 15 * SECOND_MS;
/** An agent that starts again does so within about two seconds. */
const RECONNECT_MS = 2 * SECOND_MS;

const SCHEMA = describeRoute({
  id: 'followEvents',
  summary: 'What happens to one job, or to all, from the moment of the answer on.',
  query: EVENT_QUERY,
  answer: {
    description:
      'Server-sent events named as the JSON in their data says, numbered from 1. Nothing is sent ' +
      'again after a reconnection: list the jobs. A reader that leaves 1 MiB unread is cut off.',
    schema: JOB_EVENT,
    type: EVENT_STREAM,
  },
});

/** Adds `/v1/events`. */
export function addEventRoute(app: FastifyInstance, jobs: JobControl): void {
  app.get<{ Querystring: EventQuery }>(EVENTS, { schema: SCHEMA }, ({ query }, reply) => {
    const signal = untilGone(reply);
    // A job that is not there is refused here, before the answer begins.
    const job = query.job === undefined ? {} : { job: jobs.details(query.job).id };
    const answer = serverSentEvents(jobs.events({ ...job, signal }));
    return reply.type(EVENT_STREAM).header('cache-control', 'no-store').send(answer);
  });
}

/** Events in the form of the HTML standard, with a comment as heartbeat every 15 seconds. */
export function serverSentEvents(events: AsyncIterable<JobEvent>): LiveAnswer {
  const answer = new LiveAnswer(`retry: ${RECONNECT_MS}\n\n`);
  const heartbeat = setInterval(() => answer.tell(':\n\n'), HEARTBEAT_MS).unref();
  answer.once('close', () => clearInterval(heartbeat));
  // Begins to listen at once, so that nothing is missed by whoever has the head of the answer.
  void answer.tellAll(numbered(events));
  return answer;
}

async function* numbered(events: AsyncIterable<JobEvent>): AsyncGenerator<string> {
  let id = 0;
  for await (const event of events) {
    id++;
    yield `id: ${id}\nevent: ${event.event}\ndata: ${JSON.stringify(event)}\n\n`;
  }
}
