import { startCurl } from '../foreground.ts';
import { ENDLESS_NAME } from '../yield-content.ts';
import { BACKGROUND, hostOf } from '../yield-site.ts';
import type { Subject } from './subject.ts';

/** One connection that knows of no background. */
export const CURL: Subject = {
  key: 'curl',
  name: 'curl',
  needs: ['curl'],
  isOurs: false,
  async start({ office }) {
    const url = `${office.wan.originUrl}/${ENDLESS_NAME}`;
    const curl = startCurl(hostOf(office, BACKGROUND), url);
    return {
      problem: async () => undefined,
      [Symbol.asyncDispose]: () => curl[Symbol.asyncDispose](),
    };
  },
};
