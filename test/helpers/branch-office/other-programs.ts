import { ARIA2 } from './others/aria2.ts';
import { CURL } from './others/curl.ts';
import { NGINX_PROXY } from './others/nginx-proxy.ts';
import type { OtherProgram } from './others/other-program.ts';

/** What others would use for the same work. */
export const OTHER_PROGRAMS: readonly OtherProgram[] = [CURL, ARIA2, NGINX_PROXY];
