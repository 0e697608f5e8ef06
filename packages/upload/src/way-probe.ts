import { setTimeout as sleep } from 'node:timers/promises';
import { discard } from '@peer-cache/transport';
import type { UploadJourney } from './upload-journey.ts';

/** Between an answer and the next question: some 10 small ones a second, while something is sent. */
const PAUSE_MS = 80;
/** A server that can't be reached is not to be asked as often. */
const FAILED_PAUSE_MS = 1000;

/**
 * While an upload goes on in the background, asks the same server something small again and again,
 * by a connection of its own: how long that takes tells whether bytes queue on the way. Until
 * disposed; whatever happens to a question is of no interest.
 */
export class WayProbe implements AsyncDisposable {
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;

  constructor(journey: UploadJourney) {
    this.#ended = this.#run(journey);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('nothing is sent any more'));
    await this.#ended;
  }

  async #run(journey: UploadJourney): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const { isUrgent } = journey.turn;
      const isAnswered = isUrgent || (await this.#ask(journey));
      const pauseMs = isAnswered && !isUrgent ? PAUSE_MS : FAILED_PAUSE_MS;
      try {
        await sleep(pauseMs, undefined, { signal });
      } catch {
        return;
      }
    }
  }

  async #ask({ http, target, turn }: UploadJourney): Promise<boolean> {
    const { signal } = this.#stop;
    let sentMs = performance.now();
    // A connection may have to be made first.
    const onSent = (): void => void (sentMs = performance.now());
    try {
      const request = { method: 'OPTIONS', headers: {}, signal, onSent } as const;
      const { body } = await http.send(target, request);
      turn.pacing?.probed(wayTo(target), performance.now() - sentMs);
      discard(body);
      return true;
    } catch {
      return false;
    }
  }
}

/** What is learnt of a way holds for all that goes to the same server: `host:port`. */
export function wayTo(url: string): string {
  return new URL(url).host;
}
