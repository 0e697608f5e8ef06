import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { ExecutionContext } from 'ava';

const run = promisify(execFile);

/** Whether terminals can be had here. */
export async function hasTmux(): Promise<boolean> {
  return await run('tmux', ['-V']).then(
    () => true,
    () => false,
  );
}

/** A command in a terminal of 80 columns that a person could look at. Ended after the test. */
export class Terminal {
  readonly #server: string;

  constructor(server: string) {
    this.#server = server;
  }

  /** `command` is run without a shell, in a server of the test's own. */
  static async open(
    t: ExecutionContext,
    command: readonly string[],
    env: Readonly<Record<string, string>>,
  ): Promise<Terminal> {
    const server = `peer-cache-${process.pid}-${Math.trunc(performance.now())}`;
    const variables = Object.entries(env).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
    const size = ['-d', '-x', '80', '-y', '24'];
    t.teardown(() => run('tmux', ['-L', server, 'kill-server']).catch(() => undefined));
    const session = ['new-session', ...size, ...variables, ...command];
    // What a command leaves on the screen is looked at after its end.
    const remain = [';', 'set-option', 'remain-on-exit', 'on'];
    await run('tmux', ['-u', '-f', '/dev/null', '-L', server, ...session, ...remain]);
    return new Terminal(server);
  }

  /** The lines on the screen that have anything, and on request those that went off its top. */
  async lines({ withGone = false }: { readonly withGone?: boolean } = {}): Promise<string[]> {
    const capture = ['capture-pane', '-p', ...(withGone ? ['-S', '-'] : [])];
    const { stdout } = await run('tmux', ['-u', '-L', this.#server, ...capture]);
    return stdout.split('\n').filter((line) => line !== '');
  }

  /** Types text, and presses keys by tmux's names such as `Enter`, `Tab`, `C-c`. */
  async press(text: string, ...keys: readonly string[]): Promise<void> {
    if (text !== '') await run('tmux', ['-L', this.#server, 'send-keys', '-l', text]);
    if (keys.length > 0) await run('tmux', ['-L', this.#server, 'send-keys', ...keys]);
  }

  /**
   * Looks until a line has the pattern; returns all lines of that moment. A command's last words
   * want `withGone`: tmux moves all up by a line to say that it ended.
   */
  async untilShown(
    pattern: RegExp,
    { signal, withGone = false }: { readonly signal: AbortSignal; readonly withGone?: boolean },
  ): Promise<string[]> {
    for (;;) {
      const lines = await this.lines({ withGone });
      if (lines.some((line) => pattern.test(line))) return lines;
      // A screen tells nobody when it changes.
      await delay(50, undefined, { signal }).catch((cause: unknown) => {
        throw new Error(`never shown: ${pattern.source}, but\n${lines.join('\n')}`, { cause });
      });
    }
  }
}
