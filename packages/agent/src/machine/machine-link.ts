import { KIB, SECOND_MS } from '@peer-cache/core';
import type { Log } from '@peer-cache/core';
import type { FoundPeer, SegmentLookup } from '@peer-cache/discovery';
import {
  decodeFoundPeers,
  decodeKeepAnswer,
  encodeFindRequest,
  encodeKeepRequest,
  LOCAL_HOST,
  MACHINE_FIND_PATH,
  MACHINE_KEEP_PATH,
  MOST_FOUND_PEERS,
} from '@peer-cache/protocol';
import type { KeepAnswer, KeepRequest } from '@peer-cache/protocol';
import { MachineAgentError } from './errors.ts';
import { MachineCaller } from './machine-call.ts';

/** A disk takes a run in far less; whoever waits longer waits for an agent that hangs. */
const ANSWER_MS = 5 * SECOND_MS;
/** After it failed to answer it is left alone for so long: downloads must not wait for it. */
const PAUSE_MS = 5 * SECOND_MS;
const MOST_ANSWER_BYTES = 4 * KIB;
const MOST_FOUND_BYTES: number = MOST_FOUND_PEERS * 4 * KIB;

export interface MachineLinkParts {
  readonly log: Log;
  /** Milliseconds of a clock that never jumps. */
  readonly now?: () => number;
}

/**
 * A user's agent's way to the machine's agent. That one may go and come back: nothing here fails
 * because of it, and the first failure in a row is told once.
 */
export class MachineLink implements Disposable {
  readonly socketPath: string;
  readonly #log: Log;
  readonly #now: () => number;
  readonly #caller: MachineCaller;
  #isReachable = true;
  #pausedUntilMs = Number.NEGATIVE_INFINITY;

  constructor(
    { log, now = () => performance.now() }: MachineLinkParts,
    { socketPath }: { readonly socketPath: string },
  ) {
    this.socketPath = socketPath;
    this.#log = log;
    this.#now = now;
    this.#caller = new MachineCaller(socketPath);
  }

  /** Whether it answered the last time that it was asked. */
  get isReachable(): boolean {
    return this.#isReachable;
  }

  /** Whether somebody answers there who speaks as a machine's agent does. */
  async answers(): Promise<boolean> {
    for await (const { address } of this.find([], { signal: AbortSignal.timeout(ANSWER_MS) })) {
      if (address.socketPath === this.socketPath) return true;
    }
    return false;
  }

  /** Hands over what was fetched; undefined when it could not be, which is no reason to worry. */
  async keep(request: KeepRequest): Promise<KeepAnswer | undefined> {
    if (this.#now() < this.#pausedUntilMs) return undefined;
    try {
      const signal = AbortSignal.timeout(ANSWER_MS);
      const response = await this.#caller.post(MACHINE_KEEP_PATH, encodeKeepRequest(request), {
        signal,
      });
      const answer = decodeKeepAnswer(await gathered(response));
      this.#answered();
      return answer;
    } catch (error) {
      this.#failed(error);
      return undefined;
    }
  }

  /**
   * Yields the machine's agent itself, if it answers, as a peer that may have anything; then what
   * it finds on the LAN. Never throws.
   */
  async *find(
    lookups: readonly SegmentLookup[],
    { signal }: { readonly signal: AbortSignal },
  ): AsyncGenerator<FoundPeer, void, void> {
    const left = new AbortController();
    try {
      const body = encodeFindRequest({ lookups });
      const response = await this.#caller.post(MACHINE_FIND_PATH, body, {
        signal: AbortSignal.any([signal, left.signal, AbortSignal.timeout(2 * ANSWER_MS)]),
      });
      this.#answered();
      const { socketPath } = this;
      yield { address: { host: LOCAL_HOST, port: 0, socketPath }, holds: undefined };
      for await (const { host, port, holds } of lanPeers(response)) {
        yield { address: { host, port }, holds };
      }
    } catch (error) {
      if (!signal.aborted) this.#failed(error);
    } finally {
      left.abort();
    }
  }

  [Symbol.dispose](): void {
    this.#caller[Symbol.dispose]();
  }

  #answered(): void {
    this.#pausedUntilMs = Number.NEGATIVE_INFINITY;
    if (this.#isReachable) return;
    this.#isReachable = true;
    this.#log.info({ socketPath: this.socketPath }, "the machine's agent is back");
  }

  #failed(error: unknown): void {
    const busyMs = error instanceof MachineAgentError ? error.retryMs : undefined;
    this.#pausedUntilMs = this.#now() + (busyMs ?? PAUSE_MS);
    if (busyMs !== undefined || !this.#isReachable) return;
    this.#isReachable = false;
    this.#log.warn(
      { err: error, socketPath: this.socketPath },
      "the machine's agent is not reachable; going on without it",
    );
  }
}

async function gathered(response: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let sizeBytes = 0;
  for await (const piece of response) {
    sizeBytes += piece.length;
    if (sizeBytes > MOST_ANSWER_BYTES) throw new RangeError(`an answer of ${sizeBytes} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

async function* lanPeers(
  response: AsyncIterable<Buffer>,
): AsyncGenerator<ReturnType<typeof decodeFoundPeers>['peers'][number]> {
  let rest = Buffer.alloc(0);
  let gotBytes = 0;
  for await (const piece of response) {
    gotBytes += piece.length;
    if (gotBytes > MOST_FOUND_BYTES) throw new RangeError(`${gotBytes} bytes of found peers`);
    rest = Buffer.concat([rest, piece]);
    const { peers, usedBytes } = decodeFoundPeers(rest);
    yield* peers;
    rest = rest.subarray(usedBytes);
  }
}
