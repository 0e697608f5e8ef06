import { join } from 'node:path';
import { startNginxOn } from '../nginx.ts';
import { curl } from './curl.ts';
import type { OtherProgram } from './other-program.ts';

const PORT = 3128;

/** One host caches for all, and the first who asks is the only one who goes out. */
export const NGINX_PROXY: OtherProgram = {
  name: 'nginx cache + lock',
  needs: ['nginx', 'curl'],
  async prepare({ office, content }) {
    const [cache] = office.hosts;
    if (cache === undefined) throw new RangeError('an office without hosts');
    const folder = join(office.folder, 'proxy');
    const http = cachingProxy(office.wan.originUrl, join(folder, 'cache'));
    const nginx = await startNginxOn(cache, { folder, http });
    const url = `http://${cache.address}:${PORT}/${content.file.name}`;
    return {
      fetch: (host, path) => curl(host, path, url),
      [Symbol.asyncDispose]: () => nginx[Symbol.asyncDispose](),
    };
  },
};

/** The lock lasts as long as it takes: nginx's own 5 s would send everybody to the origin. */
function cachingProxy(originUrl: string, folder: string): string {
  return `
  proxy_cache_path ${folder} keys_zone=office:10m max_size=10g inactive=1d use_temp_path=off;
  server {
    listen ${PORT};
    location / {
      proxy_pass ${originUrl};
      proxy_cache office; proxy_cache_valid 200 1d;
      proxy_cache_lock on; proxy_cache_lock_timeout 1h; proxy_cache_lock_age 1h;
      proxy_http_version 1.1; proxy_set_header Connection "";
    }
  }`;
}
