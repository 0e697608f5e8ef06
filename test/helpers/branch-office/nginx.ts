import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LanHost } from '../../../packages/discovery/test/helpers/namespaces.ts';
import { eventually } from '../lan-office.ts';

export interface NginxSetup {
  /** For its configuration, logs and temporary files. */
  readonly folder: string;
  /** What stands in its `http` block beside the customary. */
  readonly http: string;
}

/** Starts nginx on a host, with one worker; it serves when this returns. */
export async function startNginxOn(
  host: LanHost,
  { folder, http }: NginxSetup,
): Promise<AsyncDisposable> {
  await mkdir(folder, { recursive: true });
  const config = join(folder, 'nginx.conf');
  const pidFile = join(folder, 'pid');
  await writeFile(config, configuration(folder, pidFile, http));
  const nginx = host.spawn('nginx', '-c', config, '-e', join(folder, 'error.log'));
  // It listens before it writes that file.
  await eventually(async () => existsSync(pidFile) || nginx.exitCode !== null);
  if (nginx.exitCode !== null) throw new Error(`nginx ended with ${nginx.exitCode}`);
  return {
    async [Symbol.asyncDispose]() {
      const ended = once(nginx, 'exit');
      nginx.kill('SIGTERM');
      await ended;
    },
  };
}

function configuration(folder: string, pidFile: string, http: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const paths = temporary.map((name) => `${name}_temp_path ${folder}/${name};`);
  return `daemon off; user root; worker_processes 1; pid ${pidFile};
events { worker_connections 1024; }
http {
  access_log off; sendfile on; keepalive_requests 1000000; etag on;
  ${paths.join(' ')}
  ${http}
}
`;
}
