import { connect } from 'node:net';
import { SECOND_MS } from '@peer-cache/core';
import type { PeerAddress } from '@peer-cache/discovery';
import { PeerGoneError } from '../errors.ts';
import type { LoopLag } from '../loop-lag.ts';
import { connected, hostOf } from './peer-connection.ts';

/** What a system does by itself, however busy the process is that listens. */
const CONNECT_MS = 0.8 * SECOND_MS;
/** So long after a connection was taken it is tried again. */
const AGAIN_MS = 1 * SECOND_MS;

export interface WhileReachableOptions {
  /** An answer is late after this. */
  readonly lateMs: number;
  readonly lag: Pick<LoopLag, 'patience'>;
  readonly signal: AbortSignal;
}

/**
 * Waits for a peer's answer; when that is late, for as long as the peer takes connections. One that
 * was killed, or whose cable is pulled, takes none; one that has too much to do does, and what it
 * told is not void because of that.
 *
 * @throws {PeerGoneError} when the answer is late and the peer takes no connection
 */
export async function whileReachable<T>(
  address: PeerAddress,
  { lateMs, lag, signal }: WhileReachableOptions,
  ask: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const gone = new AbortController();
  const answered = new AbortController();
  let timer = setTimeout(() => void look(), lateMs).unref();
  async function look(): Promise<void> {
    const takes = await takesConnections(address, lag.patience(CONNECT_MS), answered.signal);
    if (answered.signal.aborted) return;
    if (takes) timer = setTimeout(() => void look(), AGAIN_MS).unref();
    else gone.abort(new PeerGoneError(hostOf(address), 'its answer is late'));
  }
  try {
    return await ask(AbortSignal.any([signal, gone.signal]));
  } finally {
    clearTimeout(timer);
    answered.abort();
  }
}

async function takesConnections(
  { host, port, socketPath }: PeerAddress,
  withinMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  const socket = connect(socketPath === undefined ? { host, port } : { path: socketPath });
  const tooLate = AbortSignal.timeout(Math.ceil(withinMs));
  try {
    await connected(socket, AbortSignal.any([signal, tooLate]));
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
