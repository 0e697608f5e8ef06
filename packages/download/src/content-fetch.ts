import { ALWAYS } from '@peer-cache/bandwidth';
import { BlockHashListMismatchError, BlockMismatchError } from '@peer-cache/core';
import type { Finder } from '@peer-cache/discovery';
import { Board, Ownership } from '@peer-cache/ownership';
import { httpUrl, shownUrl } from '@peer-cache/transport';
import type { OriginResponse } from '@peer-cache/transport';
import type { BlockSource } from './block-source.ts';
import { ContentTransfer } from './content-transfer.ts';
import { Content } from './content.ts';
import { describe, describePlainly } from './describe.ts';
import type { DescribedContent, PlainContent } from './describe.ts';
import { OriginKeepsChangingError, StaleContentInformationError } from './errors.ts';
import type { FetchedContent, FetchOptions, FetchParts } from './fetch-options.ts';
import { Leaving, untilAnswered } from './leaving.ts';
import { contentBlocks, contentOrigin } from './origin/origin-source.ts';
import { retrying } from './origin/retrying.ts';
import { Lookups } from './peers/lookups.ts';
import { Swarm } from './peers/swarm.ts';
import { transferPlainly } from './plain/plain-transfer.ts';
import { Progress } from './progress.ts';
import { Resumption } from './resumption.ts';
import type { ContentSink } from './sinks/sink.ts';
import { WantedBytes } from './wanted-bytes.ts';

const MOST_RESTARTS = 3;

/** Whom to ask for contents that are not shared. */
const NOBODY: Finder = {
  name: 'nobody',
  async *find() {
    // There is nobody to find.
  },
  neighbours: () => [],
  [Symbol.asyncDispose]: () => Promise.resolve(),
};

/**
 * Brings a content, or some of it, to a sink: until it comes whole. One that changes meanwhile is
 * begun anew, never mixed.
 *
 * @throws {PeerCacheError} of the origin, of the sink, TransferLeftError or RangeOutsideError
 */
export async function fetchContent(
  parts: FetchParts,
  target: { readonly url: string; readonly sink: ContentSink },
  options: FetchOptions & { readonly signal: AbortSignal },
): Promise<FetchedContent> {
  using leaving = new Leaving(options.leave, target.url);
  return await new ContentFetch(parts, target, { ...options, leave: leaving.signal }).run();
}

/** What the origin says of a content, asked again while it fails transiently. */
export async function describePatiently(
  { http, sidecarOrigins }: Pick<FetchParts, 'http' | 'sidecarOrigins'>,
  url: string,
  options: Pick<FetchOptions, 'headers' | 'progress' | 'mostFailures'> & {
    readonly signal: AbortSignal;
    readonly isFresh?: boolean;
    readonly isDistrusted?: boolean;
  },
): Promise<DescribedContent | PlainContent> {
  const ask = options.isDistrusted === true ? describePlainly : describe;
  const { signal, mostFailures, progress } = options;
  const onAnswered = (response: OriginResponse): void => progress?.answered(response);
  const asked = { ...options, sidecarOrigins, onAnswered };
  return await retrying(() => ask(http, url, asked), { signal, mostFailures });
}

class ContentFetch {
  readonly #parts: FetchParts;
  readonly #url: string;
  readonly #sink: ContentSink;
  readonly #progress: Progress;
  readonly #options: FetchOptions & { readonly signal: AbortSignal; readonly leave: AbortSignal };

  constructor(
    parts: FetchParts,
    { url, sink }: { readonly url: string; readonly sink: ContentSink },
    options: FetchOptions & { readonly signal: AbortSignal; readonly leave: AbortSignal },
  ) {
    this.#parts = { ...parts, http: options.http ?? parts.http };
    this.#url = url;
    this.#sink = sink;
    this.#progress = options.progress ?? new Progress();
    this.#options = options;
  }

  async run(): Promise<FetchedContent> {
    let stale: Content | undefined;
    let isDistrusted = false;
    for (let restarts = 0; restarts <= MOST_RESTARTS; restarts++) {
      const described = await this.#describe({ isFresh: stale !== undefined, isDistrusted });
      if (described.kind === 'plain') return await this.#transferPlainly(described);
      const content = new Content(described.information);
      if (content.id === stale?.id) {
        isDistrusted = true;
        continue;
      }
      try {
        return await this.#transfer(described);
      } catch (error) {
        if (!isStale(error)) throw error;
        stale = content;
        const shown = shownUrl(this.#url);
        this.#progress.warned('CONTENT_INFORMATION_STALE', `${shown} changed; starting over`);
      }
    }
    throw new OriginKeepsChangingError(shownUrl(this.#url), MOST_RESTARTS);
  }

  async #describe(trust: { readonly isFresh: boolean; readonly isDistrusted: boolean }) {
    const options = { ...this.#options, ...trust, progress: this.#progress };
    return await untilAnswered(
      (signal) => describePatiently(this.#parts, this.#url, { ...options, signal }),
      this.#options,
    );
  }

  async #transferPlainly(content: PlainContent): Promise<FetchedContent> {
    const { turn = ALWAYS, headers = {}, ranges, signal, leave, mostFailures } = this.#options;
    const { http } = this.#parts;
    const parts = { http, sink: this.#sink, progress: this.#progress, turn };
    const options = { headers, ranges, signal, leave, mostFailures };
    const { sizeBytes } = await transferPlainly(parts, content, options);
    return { sizeBytes, digest: undefined };
  }

  async #transfer(described: DescribedContent): Promise<FetchedContent> {
    const { information, url } = described;
    const { sizeBytes, digest, inline } = information;
    const { isShared = true, ranges } = this.#options;
    const wanted = new WantedBytes({ url, sizeBytes }, ranges);
    const kept = await this.#sink.begin({ kind: 'described', digest, sizeBytes });
    this.#progress.described(wanted.sizeBytes, isShared && inline === undefined);
    if (inline === undefined) {
      const resumption = new Resumption(kept, wanted, sizeBytes);
      await this.#transferBlocks(described, { wanted, resumption, isShared });
    } else {
      const { length } = inline;
      const newBytes = wanted.bytesOf({ startByte: 0, endByte: length });
      this.#progress.received('origin', new URL(url).host, length, newBytes);
      await this.#sink.write(0, inline);
    }
    return { sizeBytes, digest };
  }

  /** What is asked for with the content's own headers goes to its own origin only. */
  #mirrorsOf(described: DescribedContent): BlockSource[] {
    const { http } = this.#parts;
    const { mirrors = [], headers, turn } = this.#options;
    const pacing = turn?.pacing;
    const { origin } = new URL(this.#url);
    return mirrors.map((url) => {
      const isHere = httpUrl(url).origin === origin;
      const own = isHere ? (headers ?? {}) : {};
      return contentBlocks(http, described, { url, linkedFrom: this.#url, headers: own, pacing });
    });
  }

  async #transferBlocks(
    described: DescribedContent,
    {
      wanted,
      resumption,
      isShared,
    }: {
      readonly wanted: WantedBytes;
      readonly resumption: Resumption;
      readonly isShared: boolean;
    },
  ): Promise<void> {
    const { pool, log, store, http, board, isServing, mayCall } = this.#parts;
    const { discoveryWaitMs: waitMs, selfId: peerId } = this.#parts;
    const { turn = ALWAYS, headers, signal, leave, mostFailures } = this.#options;
    const needed = await resumption.neededSegments();
    this.#progress.resumed(resumption.bytesOutside(needed));
    if (needed.length === 0) return;
    const content = new Content(described.information, needed);
    const lookups = isShared ? this.#parts.lookups : new Lookups(NOBODY, () => performance.now());
    const ownership = new Ownership({ peerId, contentId: content.id, site: 'here' });
    const { isUrgent } = turn;
    await using swarm = new Swarm({ lookups, pool, ownership, log, mayCall }, content, {
      waitMs,
      isUrgent,
    });
    const origin = {
      ...contentOrigin(http, described, { headers, pacing: turn.pacing }),
      mirrors: this.#mirrorsOf(described),
    };
    const local = { store, sink: this.#sink, progress: this.#progress, log };
    const shared = { swarm, ownership, board: isShared ? board : new Board(), isServing };
    const parts = { ...local, ...shared, origin, turn, wanted, resumption };
    const transfer = new ContentTransfer(parts, content, { isShared, mostFailures });
    await transfer.run({ signal, leave });
  }
}

/** Only the origin's own bytes can say so: those of peers that lie never end a transfer. */
function isStale(error: unknown): boolean {
  return (
    error instanceof StaleContentInformationError ||
    error instanceof BlockMismatchError ||
    error instanceof BlockHashListMismatchError
  );
}
