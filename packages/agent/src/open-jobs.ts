import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Limits, Pacer } from '@peer-cache/bandwidth';
import { SECOND_MS } from '@peer-cache/core';
import type { Log } from '@peer-cache/core';
import type { LinkNotices } from '@peer-cache/discovery';
import type { Downloader } from '@peer-cache/download';
import {
  findSecretKey,
  JobQueue,
  openJobSecrets,
  openJobTransports,
  openSqliteJournal,
  SYSTEM_CLOCK,
} from '@peer-cache/jobs';
import type { JobQueueOptions } from '@peer-cache/jobs';
import type { JobEvent } from '@peer-cache/protocol';
import type { ProxyEnvironment } from '@peer-cache/transport';
import type { Config } from './config/config.ts';
import type { Reconfigurable } from './config/reload.ts';
import type { CostWatch } from './network/cost-watch.ts';
import type { NetworkWatch } from './network/network-watch.ts';
import { openNotifier } from './notify/notifier.ts';
import type { Notifier } from './notify/notifier.ts';
import { OfficeBudget } from './office/office-budget.ts';
import { makePrivateFolder } from './private-files.ts';

/** What of its environment an agent goes by. */
export interface AgentEnvironment {
  readonly proxies: ProxyEnvironment;
  /** `CREDENTIALS_DIRECTORY`: where systemd puts what is kept secret for the service. */
  readonly credentialsDirectory: string | undefined;
  /** `DBUS_SYSTEM_BUS_ADDRESS`, where it is not where it always is. */
  readonly systemBusAddress: string | undefined;
}

export interface JobsParts {
  readonly log: Log;
  readonly downloader: Downloader;
  readonly environment: AgentEnvironment;
  readonly network: NetworkWatch;
  /** What the network costs, which some jobs do not pay. */
  readonly cost: CostWatch;
  /** How agents that share a way out are told of each other; absent where nothing is shared. */
  readonly notices: LinkNotices | undefined;
  readonly peerId: string;
}

/** The queue of an agent, with what wakes it and what tells of it. */
export interface OpenedJobs extends AsyncDisposable, Reconfigurable {
  readonly queue: JobQueue;
  /** When requests to origins may go out. */
  readonly pacer: Pacer;
}

/**
 * Opens the queue of this user: its journal, its secrets; follows the network and notifies.
 *
 * @throws {JournalInUseError} when another process has the journal
 * @throws {JournalDamagedError | JournalUnwritableError | JournalNetworkDiskError}
 * @throws {PrivateFileError | SecretsUnwritableError | SecretKeyUnusableError}
 */
export async function openJobs(
  { log, downloader, environment, network, cost, notices, peerId }: JobsParts,
  config: Config,
): Promise<OpenedJobs> {
  const { folder } = config.jobs;
  await using stack = new AsyncDisposableStack();
  await makePrivateFolder(folder);
  const key = await findSecretKey(environment);
  const secrets = await openJobSecrets({ folder: join(folder, 'secrets'), key });
  if (!secrets.isEncrypted) log.debug({}, 'no key for secrets: they are kept plainly');
  const transports = openJobTransports({ secrets, environment: environment.proxies });
  const limits = stack.use(new Limits('wan', SYSTEM_CLOCK, config.limits));
  const office = stack.use(new OfficeBudget({ notices, peerId, clock: SYSTEM_CLOCK }));
  const pacer = stack.use(new Pacer({ limits, clock: SYSTEM_CLOCK, office }));
  office.attach(pacer);
  const queue = stack.use(
    new JobQueue(
      {
        journal: openSqliteJournal(join(folder, 'journal.db'), { log }),
        fetcher: downloader,
        secrets,
        transports,
        pacer,
        log,
        clock: SYSTEM_CLOCK,
        random: Math.random,
        newId: randomUUID,
      },
      queueOptions(config),
    ),
  );
  network.on('network-changed', (change) => {
    pacer.networkChanged();
    queue.networkChanged(change);
  });
  cost.on('cost-changed', (change) => queue.costChanged(change.cost));
  queue.networkChanged(network);
  queue.costChanged(cost.current.cost);
  const isStillWanted = (jobId: string, state: string): boolean =>
    queue.recordOf(jobId)?.state === state;
  const notifier = stack.use(openNotifier({ log, isStillWanted }, { targets: config.notify }));
  queue.onEvent((event) => {
    // Its limit may be another.
    if (event.event === 'job-changed') limits.changed();
    notifyOf(event, { queue, notifier });
  });
  const running = stack.move();
  return {
    queue,
    pacer,
    reconfigure(next) {
      limits.reconfigure(next.limits);
      queue.reconfigure(queueOptions(next));
      notifier.reconfigure({ targets: next.notify });
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function queueOptions({ jobs, notify }: Config): JobQueueOptions {
  const { mostJobs, mostFiles, mostRanges, runningAtOnce, filesAtOnce, costPolicy } = jobs;
  return {
    runningAtOnce,
    filesAtOnce,
    costPolicy,
    inactivityTimeoutMs: jobs.inactivityTimeoutMs,
    notifyTargets: Object.keys(notify),
    limits: { mostJobs, mostFiles, mostRanges },
    defaults: {
      minimumRetryDelaySeconds: jobs.minimumRetryDelayMs / SECOND_MS,
      noProgressTimeoutSeconds: jobs.noProgressTimeoutMs / SECOND_MS,
      maximumDownloadSeconds: jobs.maximumDownloadMs / SECOND_MS,
    },
  };
}

/** Tells the targets that a job names, when it is transferred or can't go on. */
function notifyOf(
  event: JobEvent,
  { queue, notifier }: { readonly queue: JobQueue; readonly notifier: Notifier },
): void {
  if (event.event !== 'job-moved') return;
  const { job } = event;
  if (job.state !== 'transferred' && job.state !== 'error') return;
  const settings = queue.recordOf(job.id)?.settings;
  if (settings === undefined) return;
  const { notify, minimumRetryDelaySeconds } = settings;
  const retryDelayMs = minimumRetryDelaySeconds * SECOND_MS;
  notifier.notify({ jobId: job.id, state: job.state, job, retryDelayMs }, notify);
}
