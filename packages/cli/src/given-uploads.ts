import { resolve } from 'node:path';
import type {
  JobFileRequest,
  JobKind,
  PartsPlan,
  UploadProtocol,
  UploadRequest,
} from '@peer-cache/protocol';
import { UsageError } from './errors.ts';
import { checkUrl } from './given-files.ts';
import type { FileOptions } from './given-files.ts';
import { readText } from './given-input.ts';

/** Options of a job that sends files. */
export interface UploadOptions {
  readonly upload?: string;
  readonly as?: string;
  readonly protocol?: UploadProtocol;
  readonly reply?: boolean;
  readonly s3?: string;
}

/** Of a job that sends files. */
export function kindOf({ reply = false }: UploadOptions): JobKind {
  return reply ? 'upload-reply' : 'upload';
}

/**
 * The files that a command line has sent; undefined where it sends none.
 *
 * @throws {UsageError}
 */
export async function uploadsOf(
  paths: readonly string[],
  options: UploadOptions & FileOptions,
): Promise<JobFileRequest[] | undefined> {
  const { upload: url, as: name, protocol, reply = false, output } = options;
  if (url === undefined) {
    const given = Object.entries({ as: name, protocol, reply: options.reply, s3: options.s3 });
    const [stray] = given.find(([, value]) => value !== undefined) ?? [];
    if (stray !== undefined) throw new UsageError(`--${stray} goes with --upload URL`);
    return undefined;
  }
  checkUrl(url);
  const { filesFrom, mirror, range, digest } = options;
  if ([filesFrom, mirror, range, digest].some((each) => each !== undefined)) {
    throw new UsageError('--upload goes with no --files-from, --mirror, --range or --digest');
  }
  if (output !== undefined && !reply) {
    throw new UsageError('--output is where a reply goes: add --reply, or leave it out');
  }
  if (paths.length === 0) throw new UsageError('--upload URL needs a file to send');
  const isForOne = [name, output, options.s3].some((each) => each !== undefined);
  if (paths.length > 1 && isForOne) {
    throw new UsageError('--as, --s3 and --output are for one file; create a job for each');
  }
  const upload: UploadRequest = {
    ...(name !== undefined && { name }),
    ...(protocol !== undefined && { protocol }),
    ...(output !== undefined && { replyPath: resolve(output) }),
    ...(options.s3 !== undefined && { s3: await planIn(options.s3) }),
  };
  return paths.map((path) => ({ url, path: resolve(path), upload }));
}

/** What the agent checks closer; here it is to be no other file by mistake. */
async function planIn(path: string): Promise<PartsPlan> {
  const text = await readText(path);
  try {
    const plan: PartsPlan = JSON.parse(text);
    if (Array.isArray(plan.partUrls) && typeof plan.completeUrl === 'string') return plan;
  } catch {
    // No JSON is no plan either.
  }
  throw new UsageError(`${path} is no plan: JSON with partBytes, partUrls and completeUrl`);
}
