import type { JobSecrets, TransportSettings } from '@peer-cache/protocol';
import type { ProxyEnvironment } from './proxy-choice.ts';

/** How a job reaches its origins, with all that it needs: plain data, nothing is read from elsewhere. */
export interface Transport extends Omit<TransportSettings, 'caFile'> {
  /** What `caFile` holds: certificates in PEM, trusted in addition to the system's. */
  readonly ca?: string | undefined;
  readonly secrets?: JobSecrets | undefined;
  /** For `proxy: { use: 'environment' }`. */
  readonly environment?: ProxyEnvironment | undefined;
}

/** Without a transport of its own a download goes straight to the origin and follows redirects. */
export const PLAIN_TRANSPORT: Transport = {
  proxy: { use: 'none' },
  redirects: 'follow',
  allowHttp: false,
};
