import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Reads until its input ends, which it does when whoever holds it is gone, however it went. */
const SCRIPT = `
trap '' INT TERM HUP
cat >/dev/null
for name in $(ip netns list | cut -d' ' -f1 | grep "^$1"); do
  for pid in $(ip netns pids "$name"); do kill -9 "$pid"; done
  ip netns del "$name"
done
rm -rf "$2"
`;

export interface Leftovers {
  /** What the names of the namespaces begin with. */
  readonly prefix: string;
  readonly folder: string;
}

/**
 * Removes namespaces, what runs in them, and a folder: when disposed, or when this process ends in
 * whatever way, `kill -9` too.
 */
export function watchOver({ prefix, folder }: Leftovers): AsyncDisposable {
  const dog = spawn('sh', ['-c', SCRIPT, 'watchdog', prefix, folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // Ctrl-C in a terminal is not for it.
    detached: true,
  });
  return {
    async [Symbol.asyncDispose]() {
      const ended = once(dog, 'exit');
      dog.stdin.end();
      await ended;
    },
  };
}
