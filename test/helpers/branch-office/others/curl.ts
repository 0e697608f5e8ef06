import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { LanHost } from '../../../../packages/discovery/test/helpers/namespaces.ts';
import type { OtherProgram } from './other-program.ts';

/** A copy for each, from the origin. */
export const CURL: OtherProgram = {
  name: 'curl',
  needs: ['curl'],
  async prepare({ office, content }) {
    return {
      fetch: (host, path) => curl(host, path, `${office.wan.originUrl}/${content.file.name}`),
      async [Symbol.asyncDispose]() {},
    };
  },
};

/** Stays when curl has ended: the kernel gives it the CPU time that curl took. */
const SCRIPT = 'curl -sS -o "$1" "$2"; echo "ended with $?"; read more';

/** Runs curl on a host to its end; its time counts until the office is closed. */
export async function curl(host: LanHost, path: string, url: string): Promise<void> {
  const shell = host.spawn('sh', '-c', SCRIPT, 'curl', path, url);
  const [line]: unknown[] = await once(createInterface({ input: shell.stdout }), 'line');
  if (line !== 'ended with 0') throw new Error(`curl ${String(line)}`);
}
