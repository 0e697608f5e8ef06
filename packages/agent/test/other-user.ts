import { execFile } from 'node:child_process';
import { chmod } from 'node:fs/promises';
import { dirname } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import test from 'ava';
import { serveControl } from './helpers/controlled-agent.ts';

const run = promisify(execFile);

/** What becomes of a connection that `nobody` tries to make. */
const CONNECT = `
  const socket = require('node:net').connect(process.argv[1]);
  socket.once('connect', () => { console.log('connected'); socket.destroy(); });
  socket.once('error', ({ code }) => console.log(code));`;

async function connectAsNobody(socketPath: string): Promise<string> {
  const nobody = ['--reuid=65534', '--regid=65534', '--clear-groups'];
  const args = [...nobody, process.execPath, '-e', CONNECT, socketPath];
  return (await run('setpriv', args, { cwd: '/', timeout: 20_000 })).stdout.trim();
}

// Another user is one only for root to become.
const asRoot = process.platform === 'linux' && process.getuid?.() === 0 ? test : test.skip;

asRoot('another user can not reach the control socket', async (t) => {
  t.is(await connectAsNobody(await serveControl(t)), 'EACCES');
});

asRoot('another user can not even where the folders were opened to all', async (t) => {
  const socketPath = await serveControl(t);
  await chmod(dirname(socketPath), 0o755);
  await chmod(dirname(dirname(socketPath)), 0o755);
  t.is(await connectAsNobody(socketPath), 'EACCES');
  await chmod(socketPath, 0o666);
  t.is(await connectAsNobody(socketPath), 'connected');
});
