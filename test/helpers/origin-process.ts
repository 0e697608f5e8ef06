import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PEER_CACHE = fileURLToPath(new URL('../../packages/peer-cache/src/bin.ts', import.meta.url));

export interface OriginProcessOptions {
  readonly served: string;
  readonly uploads: string;
  readonly port: number;
  /** Where the origin keeps what is its own. */
  readonly home: string;
  readonly notifyUrl?: string;
}

/** A real `peer-cache origin serve`, that can be killed. */
export class OriginProcess implements AsyncDisposable {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(options: OriginProcessOptions): Promise<OriginProcess> {
    const { served, uploads, port, home, notifyUrl } = options;
    const notify = notifyUrl === undefined ? [] : ['--upload-notify', notifyUrl];
    const settings = ['--port', `${port}`, '--uploads', uploads, ...notify];
    const { PATH } = process.env;
    const child = spawn(process.execPath, [PEER_CACHE, 'origin', 'serve', served, ...settings], {
      env: { PATH, HOME: home, XDG_STATE_HOME: home, XDG_DATA_HOME: home },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const lines = createInterface({ input: child.stderr ?? process.stdin });
    for await (const line of lines) if (line.startsWith('taking uploads')) break;
    return new OriginProcess(child);
  }

  /** `kill -9`. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }
}
