import { SECOND_MS } from '@peer-cache/core';
import type { Log } from '@peer-cache/core';
import { abandonUpload } from '@peer-cache/upload';
import type { JobTransport, JobTransports } from './job-transport.ts';
import type { FileRecord, JobRecord } from './records.ts';

const TIME_LIMIT_MS = 10 * SECOND_MS;

/**
 * Tells servers that nothing more comes of a job's uploads that are under way. Resolves when what
 * that takes is at hand, and goes on by itself: nobody waits for a server to be reached.
 */
export async function abandonUploads(
  record: JobRecord,
  files: readonly FileRecord[],
  { transports, log }: { readonly transports: JobTransports; readonly log: Log },
): Promise<void> {
  const begun = files.filter(({ state, version }) => {
    const isUnderWay = state === 'waiting' || state === 'failed' || state === 'transferring';
    return isUnderWay && version?.kind === 'sent' && version.session.url !== undefined;
  });
  if (begun.length === 0) return;
  try {
    const transport = await transports.open(record);
    void tellServers(begun, transport, log);
  } catch (error) {
    log.warn({ err: error, jobId: record.id }, 'uploads are left to expire at their server');
  }
}

async function tellServers(
  files: readonly FileRecord[],
  transport: JobTransport,
  log: Log,
): Promise<void> {
  await using way = transport;
  for (const { jobId, url: target, version } of files) {
    if (version?.kind !== 'sent') continue;
    try {
      const signal = AbortSignal.timeout(TIME_LIMIT_MS);
      await abandonUpload(way.http, version.session, { target, signal });
    } catch (error) {
      log.warn({ err: error, jobId }, 'an upload is left to expire at its server');
    }
  }
}
