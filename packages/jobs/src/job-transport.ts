import { readFile } from 'node:fs/promises';
import { messageOf } from '@peer-cache/core';
import type { JobSecrets, SecretNames, TransportSettings } from '@peer-cache/protocol';
import { OriginHttp } from '@peer-cache/transport';
import type { ProxyEnvironment } from '@peer-cache/transport';
import { JobRequestError } from './errors.ts';
import type { JobRecord } from './records.ts';
import { SecretsLostError } from './secrets/job-secrets.ts';
import type { JobSecretStore } from './secrets/job-secrets.ts';

export interface JobTransportParts {
  readonly secrets: JobSecretStore;
  /** Proxies of the agent's environment. */
  readonly environment: ProxyEnvironment;
}

/** A job's way to its origins, as long as a run of it lasts. */
export interface JobTransport extends AsyncDisposable {
  readonly http: OriginHttp;
}

/** Opens the ways of jobs to their origins. What is open of them is to be disposed of first. */
export interface JobTransports extends AsyncDisposable {
  /**
   * @throws {SecretsLostError} when the job has secrets that can't be read any more
   * @throws {JobRequestError} when its file of certificates can't be read
   */
  open(job: JobRecord): Promise<JobTransport>;
}

/**
 * Jobs that want nothing special share connections and TLS sessions; each other job has a way of its
 * own, with its proxy, its credentials and its certificates.
 */
export function openJobTransports(parts: JobTransportParts): JobTransports {
  return new SharingTransports(parts);
}

class SharingTransports implements JobTransports {
  readonly #parts: JobTransportParts;
  readonly #shared: OriginHttp;

  constructor(parts: JobTransportParts) {
    this.#parts = parts;
    const { environment } = parts;
    const proxy = { use: 'environment' } as const;
    const transport = { proxy, redirects: 'follow', allowHttp: false, environment } as const;
    this.#shared = new OriginHttp({ transport });
  }

  async open({ id, settings, secrets: names }: JobRecord): Promise<JobTransport> {
    const { transport } = settings;
    if (isPlain(transport) && !hasAny(names)) {
      return { http: this.#shared, [Symbol.asyncDispose]: () => Promise.resolve() };
    }
    const http = await this.#openOwn(transport, await this.#secretsOf(id, names));
    return { http, [Symbol.asyncDispose]: () => http[Symbol.asyncDispose]() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#shared[Symbol.asyncDispose]();
  }

  async #secretsOf(id: string, names: SecretNames): Promise<JobSecrets | undefined> {
    if (!hasAny(names)) return undefined;
    const secrets = await this.#parts.secrets.read(id);
    if (secrets === undefined) throw new SecretsLostError(id, 'they are gone');
    return secrets;
  }

  async #openOwn(
    { caFile, ...transport }: TransportSettings,
    secrets: JobSecrets | undefined,
  ): Promise<OriginHttp> {
    const { environment } = this.#parts;
    const ca = caFile === undefined ? undefined : await authoritiesIn(caFile);
    return new OriginHttp({ transport: { ...transport, ca, secrets, environment } });
  }
}

function isPlain({ proxy, redirects, allowHttp, caFile }: TransportSettings): boolean {
  const isUsual = proxy.use === 'environment' && redirects === 'follow';
  return isUsual && !allowHttp && caFile === undefined;
}

function hasAny({ headers, origin, proxy, clientCertificate }: SecretNames): boolean {
  return headers.length > 0 || origin || proxy || clientCertificate;
}

async function authoritiesIn(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new JobRequestError(`certificates of ${path} can't be read: ${messageOf(cause)}`, {
      cause,
    });
  }
}
