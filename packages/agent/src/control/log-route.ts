import type { ControlPath } from '@peer-cache/protocol';
import type { FastifyInstance } from 'fastify';
import type { LogRing } from '../log/log-ring.ts';
import { LOG_RECORD } from './agent-schemas.ts';
import { describeRoute } from './describe-route.ts';
import { NDJSON } from './json-lines.ts';
import { LiveAnswer } from './live-answer.ts';
import { LOG_QUERY } from './query-schemas.ts';
import type { LogQuery } from './query-schemas.ts';

const LOG: ControlPath = '/v1/log';

const SCHEMA = describeRoute({
  id: 'readLog',
  summary: 'The latest log records, and with follow=1 those that come.',
  query: LOG_QUERY,
  answer: {
    description:
      'The last 1000 records, or 1 MiB of them, one a line. A reader that follows and leaves 1 MiB ' +
      'unread is cut off.',
    schema: LOG_RECORD,
    type: NDJSON,
  },
});

/** Adds `/v1/log`. */
export function addLogRoute(app: FastifyInstance, records: LogRing): void {
  app.get<{ Querystring: LogQuery }>(LOG, { schema: SCHEMA }, ({ query }, reply) => {
    const { level = 'debug', follow } = query;
    const kept = records.lines(level).join('');
    return reply.type(NDJSON).send(follow === '1' ? followed(records, level, kept) : kept);
  });
}

function followed(
  records: LogRing,
  level: NonNullable<LogQuery['level']>,
  kept: string,
): LiveAnswer {
  const answer = new LiveAnswer(kept);
  const listening = records.listen(level, (line) => answer.tell(line));
  answer.once('close', () => listening[Symbol.dispose]());
  return answer;
}
