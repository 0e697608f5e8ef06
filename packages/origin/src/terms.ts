import { DEFAULT_SERVE_FOR_SECONDS, publicServerSecret } from '@peer-cache/core';
import type { DescribeOptions, Digest } from '@peer-cache/core';
import { openServerSecret } from './server-secret.ts';

export interface TermsOptions {
  /** Where the server secret lies, made on first use; not touched where one is given or public. */
  readonly stateFolder: string;
  /** A server secret from elsewhere; origins that share one share one LAN cache. */
  readonly serverSecret?: Digest | undefined;
  /** The public secret, for contents that anybody may know of; no unless asked for. */
  readonly isPublic?: boolean | undefined;
  /** How long peers may serve a segment without asking again; 28 days, as in BranchCache. */
  readonly serveForSeconds?: number | undefined;
}

/** What all content information of one origin has in common. */
export type Terms = Required<Omit<DescribeOptions, 'etag'>>;

/** 400 days: clients refuse a longer promise. */
const MOST_SERVE_SECONDS = 400 * 24 * 60 * 60;

/**
 * The terms on which an origin hands out content information. Design 4.
 *
 * @throws {RangeError} for a `serveForSeconds` that no client would accept.
 * @throws {ServerSecretUnsafeError} {@link openServerSecret}
 */
export async function openTerms(options: TermsOptions): Promise<Terms> {
  const { isPublic = false, serveForSeconds = DEFAULT_SERVE_FOR_SECONDS } = options;
  if (
    !Number.isInteger(serveForSeconds) ||
    serveForSeconds < 0 ||
    serveForSeconds > MOST_SERVE_SECONDS
  ) {
    throw new RangeError(
      `serveForSeconds must be a whole number up to ${MOST_SERVE_SECONDS}, got ${serveForSeconds}`,
    );
  }
  if (isPublic && options.serverSecret !== undefined) {
    throw new RangeError('isPublic and a server secret exclude each other');
  }
  return { serverSecret: await secretOf(options), isPublic, serveForSeconds };
}

async function secretOf({ isPublic, serverSecret, stateFolder }: TermsOptions): Promise<Digest> {
  if (isPublic === true) return publicServerSecret();
  return serverSecret ?? openServerSecret(stateFolder);
}
