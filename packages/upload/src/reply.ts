import { field, shownUrl } from '@peer-cache/transport';
import type { HeaderFields } from '@peer-cache/transport';
import LinkHeader from 'http-link-header';
import { ReplyRefusedError } from './errors.ts';

/** What a server answers to a file that it got. */
export type UploadReply = { readonly url: string } | 'pending' | 'none';

/**
 * Where the answer to an upload is: `Link: <...>; rel="reply"` of the last response; else what
 * `Upload-Reply` says, else `Content-Location`. Pure.
 *
 * @throws {ReplyRefusedError} for one at another origin, which the server has nothing to say about
 */
export function replyOf(fields: HeaderFields, target: string): UploadReply {
  const linked = replyLink(fields);
  if (linked !== undefined) return { url: ownUrl(linked, target) };
  const said = field(fields, 'upload-reply')?.trim().toLowerCase();
  if (said === 'pending') return 'pending';
  if (said === 'none') return 'none';
  const location = field(fields, 'content-location');
  return location === undefined ? 'none' : { url: ownUrl(location, target) };
}

function replyLink(fields: HeaderFields): string | undefined {
  try {
    return LinkHeader.parse(field(fields, 'link') ?? '').rel('reply')[0]?.uri;
  } catch {
    return undefined;
  }
}

function ownUrl(reference: string, target: string): string {
  const url = URL.parse(reference, target);
  if (url !== null && url.origin === new URL(target).origin) return url.href;
  throw new ReplyRefusedError(shownUrl(target), url === null ? 'no URL' : shownUrl(url));
}
