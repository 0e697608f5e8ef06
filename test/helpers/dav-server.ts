import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, listening } from '../bench/nginx.ts';

export interface DavServer extends AsyncDisposable {
  /** Ends with a slash: what is PUT there lies in the folder. */
  readonly url: string;
  readonly folder: string;
}

/** nginx, which takes a file by PUT and knows of nothing that could go on with half of one. */
export async function startDavServer(stateFolder: string): Promise<DavServer> {
  const port = await freePort();
  const folder = join(stateFolder, 'files');
  await mkdir(folder, { recursive: true });
  const config = join(stateFolder, 'nginx.conf');
  await writeFile(config, davConfiguration(stateFolder, `127.0.0.1:${port}`));
  const child = spawn('nginx', ['-c', config, '-e', join(stateFolder, 'error.log')], {
    stdio: 'inherit',
  });
  await listening(port);
  return {
    url: `http://127.0.0.1:${port}/`,
    folder,
    async [Symbol.asyncDispose]() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** Of one that keeps what it gets in `stateFolder/files`. */
export function davConfiguration(stateFolder: string, listen: string): string {
  return `daemon off; user root; worker_processes 1; pid ${stateFolder}/nginx.pid;
events { worker_connections 256; }
http {
  access_log off; client_max_body_size 0; client_body_temp_path ${stateFolder}/body;
  proxy_temp_path ${stateFolder}/proxy; fastcgi_temp_path ${stateFolder}/fastcgi;
  uwsgi_temp_path ${stateFolder}/uwsgi; scgi_temp_path ${stateFolder}/scgi;
  server {
    listen ${listen};
    root ${stateFolder}/files;
    location / { dav_methods PUT; create_full_put_path on; }
  }
}
`;
}
