import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import {
  blockHashListOffset,
  decodeRoot,
  MIB,
  rootBytes,
  segmentBytes,
  silentLog,
  verifyBlockHashList,
} from '@peer-cache/core';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { publishFolder } from '../src/publish-folder.ts';
import { asker } from './helpers/ask.ts';
import { makeFile, temporaryFolder } from './helpers/files.ts';
import { checkInformation } from './helpers/information.ts';

const hasNginx = spawnSync('nginx', ['-v']).error === undefined;

(hasNginx ? test : test.skip)(
  'nginx serves a published folder as an origin (skipped where there is no nginx)',
  async (t) => {
    const outside = await temporaryFolder(t);
    const folder = join(outside, 'folder');
    await mkdir(folder);
    const bytes = await makeFile(join(folder, 'content.bin'), 33 * MIB + 5);
    const options = { folder, stateFolder: join(outside, 'state') };
    for await (const event of publishFolder({ log: silentLog }, options)) {
      t.is(event.action, 'published');
    }
    const ask = asker(t, await startNginx(t, folder, outside));
    const first = await ask('/content.bin.peer-cache', { range: 'bytes=0-65535' });
    t.is(first.status, 206);
    const root = decodeRoot(first.body);
    const plain = await ask('/content.bin', { range: 'bytes=0-9' });
    t.is(plain.headers['etag'], root.etag);
    t.is(plain.headers['content-range'], `bytes 0-9/${root.sizeBytes}`);
    const startByte = blockHashListOffset(rootBytes(first.body), 1);
    const last = await ask('/content.bin.peer-cache', { range: `bytes=${startByte}-` });
    const sizeBytes = segmentBytes(root.sizeBytes, 1);
    const segmentHash = root.segments[1]?.segmentHash ?? Buffer.of();
    t.notThrows(() => verifyBlockHashList(last.body, { segmentHash, sizeBytes }));
    const whole = await ask('/content.bin.peer-cache');
    checkInformation(t, whole.body, bytes);
  },
);

/** nginx in the foreground, with no file of its own outside of `outside`. */
async function startNginx(t: ExecutionContext, folder: string, outside: string): Promise<string> {
  const port = await freePort();
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const config = `
    daemon off; master_process off; worker_processes 1;
    pid ${outside}/nginx.pid; error_log stderr notice;
    events { worker_connections 64; }
    http {
      access_log off;
      ${temporary.map((name) => `${name}_temp_path ${outside}/${name};`).join(' ')}
      server { listen 127.0.0.1:${port}; root ${folder}; }
    }`;
  const configPath = join(outside, 'nginx.conf');
  await writeFile(configPath, config);
  const nginx = spawn('nginx', ['-p', outside, '-e', 'stderr', '-c', configPath], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  t.teardown(async () => {
    if (nginx.exitCode !== null) return;
    nginx.kill('SIGTERM');
    await once(nginx, 'exit');
  });
  // nginx listens before it tells its version.
  for await (const line of createInterface(nginx.stderr)) {
    if (line.includes('nginx/')) return `http://127.0.0.1:${port}`;
    t.log(line);
  }
  throw new Error('nginx did not start');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}
