import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { ExecutionContext } from 'ava';
import { temporaryFolder } from './temporary-folder.ts';

/** Receives datagrams, as systemd does; Node itself can't. */
const RECEIVER = `
import json, os, socket, sys
own = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
own.bind(sys.argv[1])
print(json.dumps("listening"), flush=True)
while True:
    print(json.dumps(own.recv(65536).decode()), flush=True)
`;

/** Why there can be no such socket here, or undefined if there can. */
export function whyNoNotifySocket(): string | undefined {
  const needed = [
    ['python3', '--version'],
    ['systemd-notify', '--version'],
  ] as const;
  const missing = needed.find(([name, arg]) => spawnSync(name, [arg]).error !== undefined);
  return missing && `there is no ${missing[0]}`;
}

export interface NotifySocket {
  readonly path: string;
  /** The next datagram. */
  readonly next: () => Promise<string>;
}

/** A service manager's socket, and what it is told, one datagram at a time. */
export async function notifySocket(t: ExecutionContext): Promise<NotifySocket> {
  const path = join(await temporaryFolder(t), 'notify');
  const receiver: ChildProcessByStdio<null, Readable, null> = spawn(
    'python3',
    ['-c', RECEIVER, path],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  t.teardown(() => receiver.kill('SIGKILL'));
  const lines = createInterface({ input: receiver.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const { value } = await lines.next();
    const text: unknown = JSON.parse(String(value));
    // What systemd-notify waits for after each message, not one of ours.
    return text === 'BARRIER=1' ? await next() : String(text);
  };
  await next();
  return { path, next };
}
