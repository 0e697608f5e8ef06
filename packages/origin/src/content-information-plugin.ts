import { SECOND_MS, silentLog } from '@peer-cache/core';
import type { Log } from '@peer-cache/core';
import type { FastifyInstance, FastifyPluginAsync, FastifyReply } from 'fastify';
import fp from 'fastify-plugin';
import { openContentCatalog } from './content-catalog.ts';
import { ContentTraffic } from './content-traffic.ts';
import { sendContent } from './send-content.ts';
import type { SendContentOptions, SendParts } from './send-content.ts';
import { realFolderOf, ServedFolder } from './served-folder.ts';
import type { ServedFolderOptions } from './served-folder.ts';
import { openTerms } from './terms.ts';
import type { TermsOptions } from './terms.ts';

declare module 'fastify' {
  interface FastifyReply {
    /**
     * Sends a file of the plugin's folder, or content information about it where the client asks
     * for that; 404 for whatever is not to be served. `path` is relative, with slashes, decoded.
     */
    sendContent(path: string, options?: SendContentOptions): Promise<FastifyReply>;
  }
  interface FastifyInstance {
    readonly contentTraffic: ContentTraffic;
  }
}

export interface ContentInformationOptions extends TermsOptions, ServedFolderOptions {
  /** Where the folder's files appear, like `/files/`; none: routes are yours, by `sendContent`. */
  readonly prefix?: string;
  /** How long a client waits for a content to be hashed before it gets the content; 10 s. */
  readonly hashingWaitMs?: number | undefined;
  readonly log?: Log | undefined;
}

/**
 * Enough for some gigabytes from a cold disk, and within anybody's time-outs. To wait is cheap: an
 * office that gets the plain content fetches it once for every machine.
 */
const HASHING_WAIT_MS = 10 * SECOND_MS;

/**
 * Fastify plugin: serves a folder's files and, to clients of peer-cache, content information
 * about them under the same URL. Its routes are ordinary ones: the app's hooks authorise both
 * alike. Design 4.
 */
export const contentInformation: FastifyPluginAsync<ContentInformationOptions> = fp(register, {
  fastify: '5.x',
  name: '@peer-cache/origin',
});

async function register(app: FastifyInstance, options: ContentInformationOptions): Promise<void> {
  const { folder, stateFolder, hashingWaitMs = HASHING_WAIT_MS, log = silentLog } = options;
  // First, so that a mistyped path leaves no state folder behind.
  await realFolderOf(folder);
  const terms = await openTerms(options);
  const catalog = await openContentCatalog({ log, terms }, { stateFolder });
  app.addHook('onClose', () => catalog[Symbol.asyncDispose]());
  const traffic = new ContentTraffic();
  decorate(app, await ServedFolder.open(options), { catalog, traffic, log, hashingWaitMs });
  if (options.prefix !== undefined) addRoute(app, options.prefix);
}

function decorate(app: FastifyInstance, folder: ServedFolder, parts: SendParts): void {
  app.decorate('contentTraffic', parts.traffic);
  app.decorateReply(
    'sendContent',
    async function sendFileOf(this: FastifyReply, path: string, options?: SendContentOptions) {
      const file = await folder.openFile(path);
      if (file !== undefined) return sendContent(this, file, { ...options, parts });
      this.callNotFound();
      return this;
    },
  );
}

function addRoute(app: FastifyInstance, prefix: string): void {
  app.route<{ Params: { '*': string } }>({
    method: ['GET', 'HEAD'],
    url: prefix.endsWith('/') ? `${prefix}*` : `${prefix}/*`,
    handler: (request, reply) => reply.sendContent(request.params['*']),
  });
}
