import { startAgentOn, BACKGROUND } from '../yield-site.ts';
import type { Subject } from './subject.ts';

/** A job of normal priority, of a content that is described, by an agent with an empty store. */
export const OURS: Subject = {
  key: 'ours',
  name: 'peer-cache',
  needs: [],
  isOurs: true,
  async start(site) {
    const { file } = site.content;
    const agent = await startAgentOn(site, BACKGROUND);
    const stop = new AbortController();
    const transfer = agent.fetch({
      url: `${site.office.wan.originUrl}/${file.name}`,
      sizeBytes: file.sizeBytes,
      urgency: 'background',
      signal: stop.signal,
    });
    return {
      problem: async () =>
        transfer.ending === undefined
          ? undefined
          : `the job ended too early: ${transfer.ending} ${transfer.message}`,
      async [Symbol.asyncDispose]() {
        stop.abort();
        await agent[Symbol.asyncDispose]();
      },
    };
  },
};
