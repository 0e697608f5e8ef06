import { once } from 'node:events';
import { ENDLESS_NAME } from '../yield-content.ts';
import { BACKGROUND, hostOf, newFolder } from '../yield-site.ts';
import type { Subject } from './subject.ts';

const CONNECTIONS = 4;

/** Four connections that know of no background. */
export const ARIA2: Subject = {
  key: 'aria2',
  name: 'aria2',
  needs: ['aria2c'],
  isOurs: false,
  async start(site) {
    const { office } = site;
    const url = `${office.wan.originUrl}/${ENDLESS_NAME}`;
    const settings = [
      `--dir=${await newFolder(site)}`,
      `--split=${CONNECTIONS}`,
      `--max-connection-per-server=${CONNECTIONS}`,
      '--no-conf',
      '--quiet',
      // The file is far larger than what is ever fetched of it.
      '--file-allocation=none',
    ];
    const aria2 = hostOf(office, BACKGROUND).spawn('aria2c', ...settings, url);
    return {
      problem: async () =>
        aria2.exitCode === null ? undefined : `aria2 ended with ${aria2.exitCode}`,
      async [Symbol.asyncDispose]() {
        if (aria2.exitCode !== null) return;
        const ended = once(aria2, 'exit');
        aria2.kill('SIGKILL');
        await ended;
      },
    };
  },
};
