import { setTimeout as waitFor } from 'node:timers/promises';
import { DAY_MS } from '@peer-cache/core';
import type { Log } from '@peer-cache/core';
import type { NotifyState, NotifyTarget } from '../config/notify-settings.ts';
import type { Deliver, Notification } from './notification.ts';
import { runNotifyCommand } from './run-notify-command.ts';
import { postWebhook } from './webhook.ts';

/** BITS LIM-08. */
const MOST_AT_ONCE = 4;
/** A day at the usual delay of 10 minutes. */
const MOST_TRIES = 144;
/** A timer of Node's can't wait for more than 24 days. */
const MOST_DELAY_MS = DAY_MS;

export interface NotifierParts {
  readonly log: Log;
  /** Whether a job that a target could not be told of is still in that state. */
  readonly isStillWanted: (jobId: string, state: NotifyState) => boolean;
  /** Another in tests. */
  readonly deliver?: Deliver | undefined;
  /** Waits for so many milliseconds; another in tests. */
  readonly wait?: ((delayMs: number, signal: AbortSignal) => Promise<void>) | undefined;
}

export interface NotifierOptions {
  readonly targets: Readonly<Record<string, NotifyTarget>>;
}

/** What to tell, and how long to wait before a failed try is made again. */
export interface NotificationEvent extends Notification {
  readonly retryDelayMs: number;
}

/** One notification for one target. */
interface Errand {
  readonly event: NotificationEvent;
  readonly targetName: string;
  readonly triesMade: number;
}

/**
 * Tells the targets of the configuration of jobs, four at once; others wait their turn. A failed try
 * is made again, 144 times at most, while the job stays as it was (BITS NOT-04). Targets are told at
 * least once: whoever may not act twice looks at the key of the event.
 */
export class Notifier implements AsyncDisposable {
  readonly #log: Log;
  readonly #isStillWanted: NotifierParts['isStillWanted'];
  readonly #deliver: Deliver;
  readonly #wait: NonNullable<NotifierParts['wait']>;
  readonly #stop = new AbortController();
  readonly #queue: Errand[] = [];
  readonly #tasks = new Set<Promise<void>>();
  #running = 0;
  #targets: NotifierOptions['targets'];

  constructor(parts: NotifierParts, { targets }: NotifierOptions) {
    const { log, isStillWanted, deliver = deliverByKind, wait = waitUnreferenced } = parts;
    this.#log = log;
    this.#isStillWanted = isStillWanted;
    this.#deliver = deliver;
    this.#wait = wait;
    this.#targets = targets;
  }

  /** Tells the targets of these names, of those states that they want to be told of. */
  notify(event: NotificationEvent, targetNames: readonly string[]): void {
    for (const targetName of new Set(targetNames)) {
      if (this.#stop.signal.aborted) return;
      this.#queue.push({ event, targetName, triesMade: 0 });
    }
    this.#startNext();
  }

  /** Other targets from now on, for what waits as well. */
  reconfigure({ targets }: NotifierOptions): void {
    this.#targets = targets;
  }

  /** Ends what runs; what waits is dropped. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#queue.length = 0;
    await Promise.all(this.#tasks);
  }

  #startNext(): void {
    while (this.#running < MOST_AT_ONCE) {
      const errand = this.#queue.shift();
      if (errand === undefined) return;
      this.#running++;
      this.#inBackground(async () => {
        const isDone = await this.#try(errand).finally(() => this.#running--);
        this.#startNext();
        if (!isDone) await this.#retryLater(errand);
      });
    }
  }

  async #try({ event, targetName, triesMade }: Errand): Promise<boolean> {
    const { jobId, state } = event;
    const target = this.#target(targetName);
    const facts = { target: targetName, jobId, state, attempt: triesMade + 1 };
    if (target === undefined) {
      this.#log.warn(facts, 'notification dropped: no such target');
      return true;
    }
    if (!target.on.includes(state)) return true;
    const startedMs = performance.now();
    const { signal } = this.#stop;
    const delivery = await this.#deliver(target, event, { log: this.#log, signal });
    const ms = Math.round(performance.now() - startedMs);
    if (delivery.isDelivered) this.#log.info({ ...facts, ...delivery.facts, ms }, 'notified');
    else this.#log.warn({ ...facts, ...delivery.facts, ms }, 'notification failed');
    return delivery.isDelivered;
  }

  async #retryLater(errand: Errand): Promise<void> {
    const { event, targetName } = errand;
    const { jobId, state, retryDelayMs } = event;
    const triesMade = errand.triesMade + 1;
    const facts = { target: targetName, jobId, state, tries: triesMade };
    if (triesMade >= MOST_TRIES) {
      this.#log.error(facts, 'notification given up');
      return;
    }
    await this.#wait(Math.min(retryDelayMs, MOST_DELAY_MS), this.#stop.signal);
    if (!this.#isStillWanted(jobId, state)) {
      this.#log.info(facts, 'notification no longer wanted');
      return;
    }
    this.#queue.push({ event, targetName, triesMade });
    this.#startNext();
  }

  /** `Object.hasOwn`: a job may name anything, `constructor` too. */
  #target(name: string): NotifyTarget | undefined {
    return Object.hasOwn(this.#targets, name) ? this.#targets[name] : undefined;
  }

  #inBackground(task: () => Promise<void>): void {
    const running = this.#contained(task);
    this.#tasks.add(running);
    void running.then(() => this.#tasks.delete(running));
  }

  async #contained(task: () => Promise<void>): Promise<void> {
    try {
      await task();
    } catch (error) {
      // Given up by our own end; anything else is a mistake of ours and must not go unseen.
      if (!this.#stop.signal.aborted) throw error;
    }
  }
}

/** Tells targets of jobs until it is disposed. */
export function openNotifier(parts: NotifierParts, options: NotifierOptions): Notifier {
  return new Notifier(parts, options);
}

const deliverByKind: Deliver = (target, notification, options) =>
  target.kind === 'command'
    ? runNotifyCommand(target, notification, options)
    : postWebhook(target, notification, options);

async function waitUnreferenced(delayMs: number, signal: AbortSignal): Promise<void> {
  await waitFor(delayMs, undefined, { signal, ref: false });
}
