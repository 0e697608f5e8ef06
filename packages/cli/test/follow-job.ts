import { join } from 'node:path';
import type { JobDetails } from '@peer-cache/protocol';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { followJob } from '../src/follow-job.ts';
import type { JobViewer } from '../src/follow-job.ts';
import { JobClient } from '../src/job-client.ts';
import { FakeAgent } from './helpers/fake-agent.ts';
import { fakeJob } from './helpers/fake-job.ts';
import { temporaryFolder } from './helpers/temporary-folder.ts';

const LONG_MS = 60_000;

async function agentWith(t: ExecutionContext, changes: Partial<JobDetails>) {
  const home = await temporaryFolder(t);
  const agent = await FakeAgent.start(t, home);
  const plain = fakeJob();
  const job = agent.add({
    ...plain,
    ...changes,
    settings: { ...plain.settings, autoComplete: true },
  });
  const client = new JobClient(join(home, 'peer-cache', 'control.sock'));
  const shown: string[] = [];
  const first = Promise.withResolvers<void>();
  const viewer: JobViewer = {
    show({ state }) {
      shown.push(state);
      first.resolve();
    },
    [Symbol.dispose]() {},
  };
  return { agent, job, client, viewer, shown, firstShown: first.promise };
}

test('a job that should complete by itself and stays transferred has failed', async (t) => {
  const { client, job, viewer } = await agentWith(t, { state: 'transferred' });
  const { signal } = new AbortController();
  const end = await followJob(client, job.id, { viewer, signal, patienceMs: 20 });
  t.like(end, { how: 'failed', job: { state: 'transferred' } });
});

test('a job that completes by itself in time is done', async (t) => {
  const { agent, client, job, viewer, shown, firstShown } = await agentWith(t, {
    state: 'transferred',
  });
  const { signal } = new AbortController();
  const ended = followJob(client, job.id, { viewer, signal, patienceMs: LONG_MS });
  await firstShown;
  agent.move(job, { state: 'acknowledged' });
  t.like(await ended, { how: 'done' });
  t.deepEqual(shown, ['transferred', 'acknowledged']);
});

test('patience begins anew when a job goes on', async (t) => {
  const { agent, client, job, viewer, firstShown } = await agentWith(t, { state: 'transferred' });
  const { signal } = new AbortController();
  const ended = followJob(client, job.id, { viewer, signal, patienceMs: LONG_MS });
  await firstShown;
  agent.move(job, { state: 'transferring' });
  agent.move(job, { state: 'cancelled' });
  t.like(await ended, { how: 'gone' });
});

test('whoever stops following is not told of a failure', async (t) => {
  const { client, job, viewer, firstShown } = await agentWith(t, {});
  const stop = new AbortController();
  const ended = followJob(client, job.id, { viewer, signal: stop.signal });
  await firstShown;
  stop.abort();
  await t.throwsAsync(ended);
});
