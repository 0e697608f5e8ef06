import process from 'node:process';
import type { GetDone, GetEvent, StreamRequest } from '@peer-cache/protocol';
import { AgentFailureError, AgentGoneError, UsageError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { openFetcher } from '../fetcher.ts';
import type { Fetcher, FetcherOptions } from '../fetcher.ts';
import { printable } from '../format.ts';
import { summaryOf } from '../get-summary.ts';
import { interruptible } from '../interruptible.ts';
import { outputOf } from '../output-path.ts';
import type { Output } from '../output-path.ts';
import { progressView } from '../progress-view.ts';
import type { ProgressView } from '../progress-view.ts';
import { say, tell } from '../terminal.ts';
import { writeAll } from '../write-all.ts';

export interface GetCommandOptions extends FetcherOptions {
  readonly output?: string;
  readonly force?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly mirror?: readonly string[];
}

/** `peer-cache get URL`: fetches a content, through the agent where one runs. */
export async function get(url: string, options: GetCommandOptions): Promise<number> {
  for (const each of [url, ...(options.mirror ?? [])]) {
    if (/^https?:\/\//i.test(each) && URL.canParse(each)) continue;
    throw new UsageError(`${each} is no http: or https: URL; give the full address`);
  }
  const output = await outputOf(url, options);
  if (output.kind === 'stdout' && options.json === true) {
    throw new UsageError('-o - and --json both want standard output; leave one of them out');
  }
  return await interruptible(async (signal) => {
    await using fetcher = await openFetcher(options);
    using view = progressView(process.stderr, { isQuiet: options.quiet === true });
    const content = { url, mirrors: options.mirror };
    const last = await follow(partsOf(fetcher, content, output, signal), view, options);
    view.clear();
    if (options.quiet !== true) tell(printable(summaryOf(last)));
    return EXIT.ok;
  });
}

function partsOf(
  fetcher: Fetcher,
  content: StreamRequest,
  output: Output,
  signal: AbortSignal,
): AsyncIterable<GetEvent | Uint8Array> {
  if (output.kind === 'stdout') return fetcher.stream(content, { signal });
  const { path, overwrite } = output;
  return fetcher.get({ ...content, path, overwrite }, { signal });
}

async function follow(
  parts: AsyncIterable<GetEvent | Uint8Array>,
  view: ProgressView,
  { json = false, quiet = false }: GetCommandOptions,
): Promise<GetDone> {
  for await (const part of parts) {
    if (part instanceof Uint8Array) {
      await writeAll(process.stdout, part);
      continue;
    }
    if (json) say(JSON.stringify(part));
    if (part.event === 'failed') throw new AgentFailureError(part);
    if (part.event === 'done') return part;
    if (part.event === 'warned' && !quiet) {
      view.clear();
      tell(`peer-cache: ${printable(part.message)} (${part.code})`);
    }
    view.show(part);
  }
  throw new AgentGoneError();
}
