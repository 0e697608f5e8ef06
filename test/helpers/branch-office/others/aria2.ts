import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { LAN_INTERFACE } from '../../../../packages/discovery/test/helpers/namespaces.ts';
import type { OtherProgram } from './other-program.ts';
import { makeTorrent } from './torrent.ts';

const COMPLETE = 'the content is complete';

/** A torrent whose web seed is the origin; neighbours find each other by local peer discovery. */
export const ARIA2: OtherProgram = {
  name: 'aria2',
  needs: ['aria2c'],
  async prepare({ office, content }) {
    const { wan, folder } = office;
    const torrent = join(folder, 'content.torrent');
    const webSeed = `${wan.originUrl}/${content.file.name}`;
    await writeFile(torrent, await makeTorrent(content.file.path, webSeed));
    const hook = join(folder, 'when-complete');
    await writeFile(hook, `#!/bin/sh\necho ${COMPLETE}\n`, { mode: 0o755 });
    return {
      async fetch(host, path) {
        const aria2 = host.spawn('aria2c', ...settings(path, hook), torrent);
        for await (const line of createInterface({ input: aria2.stdout })) {
          if (!line.includes(COMPLETE)) continue;
          // It goes on as a seed.
          aria2.stdout.resume();
          return;
        }
        const [code]: unknown[] = await once(aria2, 'exit');
        throw new Error(`aria2 ended with ${String(code)} before it had all`);
      },
      async [Symbol.asyncDispose]() {},
    };
  },
};

function settings(path: string, hook: string): string[] {
  return [
    `--dir=${dirname(path)}`,
    `--index-out=1=${basename(path)}`,
    '--no-conf',
    '--quiet',
    '--file-allocation=none',
    '--enable-dht=false',
    '--enable-dht6=false',
    '--bt-enable-lpd=true',
    `--bt-lpd-interface=${LAN_INTERFACE}`,
    '--seed-ratio=0',
    `--on-bt-download-complete=${hook}`,
  ];
}
