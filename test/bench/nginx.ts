import { spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuSeconds } from './measure.ts';

export interface Nginx extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Of all of its processes so far. */
  cpuSeconds(): Promise<number>;
}

/** nginx as people run it (sendfile, keep-alive), serving one folder on a free port of loopback. */
export async function startNginx(root: string, stateFolder: string): Promise<Nginx> {
  const port = await freePort();
  await mkdir(stateFolder, { recursive: true });
  const config = join(stateFolder, 'nginx.conf');
  await writeFile(config, configuration(root, stateFolder, port));
  const child = spawn('nginx', ['-c', config, '-e', join(stateFolder, 'error.log')], {
    stdio: 'inherit',
  });
  await listening(port);
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    async cpuSeconds() {
      const children = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8');
      const pids = [child.pid ?? 0, ...children.trim().split(' ').map(Number)];
      return pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0);
    },
    async [Symbol.asyncDispose]() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
    },
  };
}

function configuration(root: string, state: string, port: number): string {
  return `daemon off; user root; worker_processes 1; pid ${state}/nginx.pid;
events { worker_connections 256; }
http {
  access_log off; sendfile on; keepalive_requests 1000000; etag on;
  client_body_temp_path ${state}/body; proxy_temp_path ${state}/proxy;
  fastcgi_temp_path ${state}/fastcgi; uwsgi_temp_path ${state}/uwsgi; scgi_temp_path ${state}/scgi;
  server { listen 127.0.0.1:${port}; root ${root}; }
}
`;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

export async function listening(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const isUp = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    socket.destroy();
    if (isUp) return;
    await sleep(20);
  }
}
