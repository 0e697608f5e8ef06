import { KIB, MIB } from '@peer-cache/core';
import type { JobControl } from '@peer-cache/jobs';
import type {
  ControlPath,
  FilesAddition,
  JobChanges,
  JobRequest,
  Retarget,
} from '@peer-cache/protocol';
import type { FastifyInstance } from 'fastify';
import { describeRoute } from './describe-route.ts';
import {
  COMPLETION_REPORT,
  JOB_DETAILS,
  JOB_EXPLANATION,
  JOB_REPLY,
  JOB_PAGE,
} from './job-answer-schemas.ts';
import { FILES_ADDITION, JOB_CHANGES, JOB_REQUEST, RETARGET } from './job-request-schemas.ts';
import { JOB_LIST_QUERY, JOB_PARAMS, limitOf } from './query-schemas.ts';
import type { JobListQuery, JobParams } from './query-schemas.ts';
import { JOB_STATES } from './value-schemas.ts';

interface OfJob {
  Params: JobParams;
}

const JOBS: ControlPath = '/v1/jobs';
const JOB: ControlPath = '/v1/jobs/:job';
const FILES: ControlPath = '/v1/jobs/:job/files';
const RETARGETING: ControlPath = '/v1/jobs/:job/retarget';
const WHY: ControlPath = '/v1/jobs/:job/why';
const REPLY: ControlPath = '/v1/jobs/:job/reply';
const COMPLETE: ControlPath = '/v1/jobs/:job/complete';

/** Hundreds of files, each with a URL, a path and ranges. */
const MOST_FILES_BODY_BYTES = 4 * MIB;
/** All settings and secrets as long as they may be. */
const MOST_CHANGES_BODY_BYTES = 128 * KIB;

const DETAILS = { description: 'The job as it is then.', schema: JOB_DETAILS };

/** Adds all that is below `/v1/jobs`. */
export function addJobRoutes(app: FastifyInstance, jobs: JobControl): void {
  addListRoute(app, jobs);
  addCreateRoute(app, jobs);
  addViewRoutes(app, jobs);
  addChangeRoutes(app, jobs);
  addVerbRoutes(app, jobs);
}

function addListRoute(app: FastifyInstance, jobs: JobControl): void {
  const schema = describeRoute({
    id: 'listJobs',
    summary: 'Lists jobs page by page, in order of creation.',
    query: JOB_LIST_QUERY,
    answer: { description: 'A page of jobs.', schema: JOB_PAGE },
  });
  app.get<{ Querystring: JobListQuery }>(JOBS, { schema }, ({ query }) => {
    const named = query.state?.split(',');
    const states = named && JOB_STATES.filter((state) => named.includes(state));
    return jobs.list({ states, limit: limitOf(query), after: query.after });
  });
}

function addCreateRoute(app: FastifyInstance, jobs: JobControl): void {
  const schema = describeRoute({
    id: 'createJob',
    summary: 'Creates a job, suspended unless it is to be resumed at once.',
    body: JOB_REQUEST,
    answer: {
      description: 'The new job; Location tells its path.',
      schema: JOB_DETAILS,
      status: 201,
    },
  });
  const options = { schema, bodyLimit: MOST_FILES_BODY_BYTES };
  app.post<{ Body: JobRequest }>(JOBS, options, async ({ body }, reply) => {
    const job = await jobs.create(body);
    return reply.code(201).header('location', `${JOBS}/${job.id}`).send(job);
  });
}

function addViewRoutes(app: FastifyInstance, jobs: JobControl): void {
  const show = describeRoute({
    id: 'showJob',
    summary: 'All about one job but its secrets.',
    params: JOB_PARAMS,
    answer: DETAILS,
  });
  app.get<OfJob>(JOB, { schema: show }, ({ params }) => jobs.details(params.job));

  const why = describeRoute({
    id: 'explainJob',
    summary: 'What exactly a job waits for, and when it will be tried.',
    params: JOB_PARAMS,
    answer: { description: 'The reasons, the first thing first.', schema: JOB_EXPLANATION },
  });
  app.get<OfJob>(WHY, { schema: why }, ({ params }) => jobs.why(params.job));

  const reply = describeRoute({
    id: 'readReply',
    summary: 'What the server answered to the only file of an upload-reply job, up to 1 MiB.',
    params: JOB_PARAMS,
    answer: { description: 'The reply, and where it goes.', schema: JOB_REPLY },
  });
  app.get<OfJob>(REPLY, { schema: reply }, ({ params }) => jobs.reply(params.job));
}

function addChangeRoutes(app: FastifyInstance, jobs: JobControl): void {
  const change = describeRoute({
    id: 'changeJob',
    summary: 'Changes settings and secrets of a job; what is absent stays.',
    params: JOB_PARAMS,
    body: JOB_CHANGES,
    answer: DETAILS,
  });
  const changeOptions = { schema: change, bodyLimit: MOST_CHANGES_BODY_BYTES };
  app.patch<OfJob & { Body: JobChanges }>(JOB, changeOptions, ({ params, body }) =>
    jobs.set(params.job, body),
  );

  const addFiles = describeRoute({
    id: 'addFiles',
    summary: 'Adds files to a job, all or none.',
    params: JOB_PARAMS,
    body: FILES_ADDITION,
    answer: DETAILS,
  });
  const filesOptions = { schema: addFiles, bodyLimit: MOST_FILES_BODY_BYTES };
  app.post<OfJob & { Body: FilesAddition }>(FILES, filesOptions, ({ params, body }) =>
    jobs.addFiles(params.job, body.files),
  );

  const retarget = describeRoute({
    id: 'retargetJob',
    summary: 'Changes the URL of one file, or a prefix of all URLs that have it.',
    params: JOB_PARAMS,
    body: RETARGET,
    answer: DETAILS,
  });
  app.post<OfJob & { Body: Retarget }>(RETARGETING, { schema: retarget }, ({ params, body }) =>
    jobs.retarget(params.job, body),
  );
}

function addVerbRoutes(app: FastifyInstance, jobs: JobControl): void {
  const verbs = [
    { verb: 'suspend', summary: 'Stops a job until it is resumed; it keeps its blocks.' },
    { verb: 'resume', summary: 'Queues a job.' },
    { verb: 'cancel', summary: 'Deletes a job and whatever it has brought.' },
  ] as const;
  for (const { verb, summary } of verbs) {
    const schema = describeRoute({
      id: `${verb}Job`,
      summary,
      params: JOB_PARAMS,
      answer: DETAILS,
    });
    app.post<OfJob>(`${JOBS}/:job/${verb}`, { schema }, ({ params }) => jobs[verb](params.job));
  }

  const remove = describeRoute({
    id: 'deleteJob',
    summary: 'The same as cancel.',
    params: JOB_PARAMS,
    answer: DETAILS,
  });
  app.delete<OfJob>(JOB, { schema: remove }, ({ params }) => jobs.cancel(params.job));

  const complete = describeRoute({
    id: 'completeJob',
    summary: 'Gives files that are transferred their names.',
    params: JOB_PARAMS,
    answer: { description: 'Which files have their content now.', schema: COMPLETION_REPORT },
  });
  app.post<OfJob>(COMPLETE, { schema: complete }, ({ params }) => jobs.complete(params.job));
}
