import type { OriginHttp } from '@peer-cache/transport';
import { detectServer } from './detect.ts';
import type { UploadServer } from './detect.ts';

/** What servers said of how they take uploads: asked once for all files that go to the same URL. */
export class UploadServers {
  readonly #asked = new Map<string, Promise<UploadServer>>();

  /** @throws as {@link detectServer} does; then it is asked again for the next file */
  async at(
    http: OriginHttp,
    url: string,
    options: { readonly signal: AbortSignal },
  ): Promise<UploadServer> {
    const known = this.#asked.get(url);
    const asked = known ?? detectServer(http, url, options);
    this.#asked.set(url, asked);
    try {
      return await asked;
    } catch (error) {
      this.#asked.delete(url);
      throw error;
    }
  }
}
