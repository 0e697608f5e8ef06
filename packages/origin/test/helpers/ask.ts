import { CONTENT_INFORMATION_TYPE } from '@peer-cache/core';
import type { ExecutionContext } from 'ava';
import { Agent, request } from 'undici';

/** How a client of peer-cache asks for content information. */
export const ASKING = { accept: `${CONTENT_INFORMATION_TYPE}, */*`, range: 'bytes=0-65535' };

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

export type Ask = (
  path: string,
  headers?: Readonly<Record<string, string>>,
  method?: 'GET' | 'HEAD' | 'POST',
) => Promise<Answer>;

/** Makes requests to an origin over connections that the test closes at its end. */
export function asker(t: ExecutionContext, url: string): Ask {
  const dispatcher = new Agent();
  t.teardown(() => dispatcher.close());
  return async (path, headers = {}, method = 'GET') => {
    const answer = await request(url + path, { headers, method, dispatcher });
    const body = Buffer.from(await answer.body.arrayBuffer());
    return { status: answer.statusCode, headers: answer.headers, body };
  };
}
