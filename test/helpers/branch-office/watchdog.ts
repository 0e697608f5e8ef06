import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Reads until its input ends, which it does when whoever holds it is gone, however it went. */
const SCRIPT = `
trap '' INT TERM HUP
cat >/dev/null
if [ -n "$2" ]; then
  for name in $(ip netns list | cut -d' ' -f1 | grep "^$2"); do
    for pid in $(ip netns pids "$name"); do kill -9 "$pid"; done
    ip netns del "$name"
  done
fi
rm -rf "$1"
`;

export interface Leftovers {
  readonly folder: string;
  /** What the names of the namespaces begin with. */
  readonly prefix?: string;
}

/**
 * Removes a folder, and namespaces with what runs in them: when disposed, or when this process ends
 * in whatever way, `kill -9` too.
 */
export function watchOver({ folder, prefix = '' }: Leftovers): AsyncDisposable {
  const dog = spawn('sh', ['-c', SCRIPT, 'watchdog', folder, prefix], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // Ctrl-C in a terminal is not for it.
    detached: true,
  });
  const ended = once(dog, 'exit');
  return {
    async [Symbol.asyncDispose]() {
      dog.stdin.end();
      await ended;
    },
  };
}
