import process from 'node:process';
import type { Log } from '@peer-cache/core';
import { failureOf } from '../failure.ts';
import type { Config, SettingInForce } from './config.ts';

/** What can be given another configuration while it runs. */
export interface Reconfigurable {
  reconfigure(config: Config): void;
}

/** What becomes of a configuration that was read again. */
export interface ReloadPlan {
  /** What is in force from now on: the new with what needs a restart as it was. */
  readonly config: Config;
  /** Keys that changed and are in force. */
  readonly applied: readonly string[];
  /** Keys that changed and take a restart. */
  readonly needsRestart: readonly string[];
}

export interface ReloadParts {
  readonly log: Log;
  readonly readAgain: () => Config;
  /** Tells the service manager that it begins (`RELOADING=1`...) and ends (`READY=1`). */
  readonly tell: (states: readonly string[]) => Promise<void>;
}

/**
 * What may change in a running agent. All else has sockets, files or peers that depend on it.
 */
const LIVE_KEYS =
  /^(?:log\.level|jobs\.(?!folder$).*|(?:notify|limits|schedule|network|serving)\..*)$/;

/** Which changes take effect at once, and which at the next start. */
export function planReload(before: Config, read: Config): ReloadPlan {
  const changed = changedKeys(before.settings, read.settings);
  return {
    config: Object.freeze({
      ...before,
      jobs: Object.freeze({ ...read.jobs, folder: before.jobs.folder }),
      limits: read.limits,
      notify: read.notify,
      network: read.network,
      serving: read.serving,
      log: read.log,
      settings: Object.freeze([
        ...before.settings.filter(({ key }) => !LIVE_KEYS.test(key)),
        ...read.settings.filter(({ key }) => LIVE_KEYS.test(key)),
      ]),
    }),
    applied: changed.filter((key) => LIVE_KEYS.test(key)),
    needsRestart: changed.filter((key) => !LIVE_KEYS.test(key)),
  };
}

/** Reads the configuration again at each SIGHUP, one after the other. */
export class Reloading implements AsyncDisposable {
  readonly #parts: ReloadParts;
  readonly #started = Promise.withResolvers<Reconfigurable | undefined>();
  readonly #onSignal = (): void => {
    this.#last = this.#last.then(() => this.#reload());
  };
  #last: Promise<void> = Promise.resolve();
  #config: Config;

  /** Listens at once: a SIGHUP that nobody listens for ends the process. */
  constructor(parts: ReloadParts, config: Config) {
    this.#parts = parts;
    this.#config = config;
    process.on('SIGHUP', this.#onSignal);
  }

  /** From here on there is something to reconfigure; signals that came before are obeyed now. */
  start(agent: Reconfigurable): void {
    this.#started.resolve(agent);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.off('SIGHUP', this.#onSignal);
    this.#started.resolve(undefined);
    await this.#last;
  }

  async #reload(): Promise<void> {
    const agent = await this.#started.promise;
    if (agent === undefined) return;
    const { tell } = this.#parts;
    await tell(['RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`]);
    this.#apply(agent);
    await tell(['READY=1']);
  }

  #apply(agent: Reconfigurable): void {
    const { log, readAgain } = this.#parts;
    try {
      const { config, applied, needsRestart } = planReload(this.#config, readAgain());
      agent.reconfigure(config);
      this.#config = config;
      log.info({ applied, needsRestart }, 'configuration reloaded');
    } catch (error) {
      log.warn({ failure: failureOf(error) }, 'configuration not reloaded; the old one stays');
    }
  }
}

/** In the order of the new list; what was written before and is no longer comes last. */
function changedKeys(before: readonly SettingInForce[], now: readonly SettingInForce[]): string[] {
  const [old, read] = [textByKey(before), textByKey(now)];
  const keys = new Set([...read.keys(), ...old.keys()]);
  return [...keys].filter((key) => old.get(key) !== read.get(key));
}

function textByKey(settings: readonly SettingInForce[]): Map<string, string> {
  return new Map(settings.map(({ key, value }) => [key, JSON.stringify(value)]));
}
