import { setTimeout as sleep } from 'node:timers/promises';
import { silentLog } from '@peer-cache/core';
import { PeerIdentity } from '@peer-cache/protocol';
import { startServer } from '@peer-cache/server';
import type { PeerServer } from '@peer-cache/server';
import type { BlockStore } from '@peer-cache/store';
import type { Sent, SentLog } from './sent-log.ts';

export interface FlakyPeerParts {
  readonly store: BlockStore;
  readonly sent: SentLog;
  /** How long it stays, and how long it is away: each time another, in milliseconds. */
  readonly nextStayMs: () => number;
}

export interface FlakyPeer extends AsyncDisposable {
  readonly port: number;
}

/** By this name the log has what peers sent: they do not tell of which content. */
export const SENT_BY_PEERS = 'by peers';
const SAMPLE_MS = 50;

/** A real peer with its real server that vanishes and comes back, until it is disposed. */
export async function startFlakyPeer({
  store,
  sent,
  nextStayMs,
}: FlakyPeerParts): Promise<FlakyPeer> {
  const identity = PeerIdentity.create();
  const leave = new AbortController();
  const start = async (port: number): Promise<PeerServer> =>
    await startServer(
      { store, identity, log: silentLog },
      { addresses: [{ host: '127.0.0.1', port }] },
    );
  const first = await start(0);
  const port = first.addresses[0]?.port ?? 0;
  const gone = comeAndGo(first, () => start(port), { sent, nextStayMs, signal: leave.signal });
  return {
    port,
    async [Symbol.asyncDispose]() {
      leave.abort();
      await gone;
    },
  };
}

interface ComingAndGoing {
  readonly sent: SentLog;
  readonly nextStayMs: () => number;
  readonly signal: AbortSignal;
}

async function comeAndGo(
  first: PeerServer,
  comeBack: () => Promise<PeerServer>,
  { sent, nextStayMs, signal }: ComingAndGoing,
): Promise<void> {
  let server = first;
  for (;;) {
    const meter = new ServedMeter(server, sent);
    const endMs = performance.now() + nextStayMs();
    while (performance.now() < endMs && !signal.aborted) {
      await wait(SAMPLE_MS, signal);
      meter.read();
    }
    await server[Symbol.asyncDispose]();
    meter.read();
    if (signal.aborted) return;
    sent.broke(meter.pieces);
    await wait(nextStayMs() / 2, signal);
    if (signal.aborted) return;
    server = await comeBack();
  }
}

/** Notes what a peer serves, as its own counters have it. */
class ServedMeter {
  readonly pieces: Sent[] = [];
  readonly #server: PeerServer;
  readonly #sent: SentLog;
  #notedBytes = 0;

  constructor(server: PeerServer, sent: SentLog) {
    this.#server = server;
    this.#sent = sent;
  }

  /** Notes what came since the last reading. */
  read(): void {
    const { servedBytes } = this.#server.counters();
    this.pieces.push(this.#sent.note(SENT_BY_PEERS, servedBytes - this.#notedBytes));
    this.#notedBytes = servedBytes;
  }
}

async function wait(delayMs: number, signal: AbortSignal): Promise<void> {
  // Woken early by the signal, which its callers look at.
  await sleep(delayMs, undefined, { signal }).catch(() => undefined);
}
