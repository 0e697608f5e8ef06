import { MINUTE_MS } from '@peer-cache/core';
import { Allowance } from './admission.ts';
import type { ServerLimits } from './limits.ts';

/** Hosts beyond are forgotten, those that called last longest ago first. */
const MOST_HOSTS = 1024;
/** How long after its last proof a host may use the connections that are kept for peers. */
const PROVEN_FOR_MS: number = 10 * MINUTE_MS;

/** What one caller takes now and has taken since it was first seen. */
export class Host {
  readonly name: string;
  readonly failedProofs: Allowance;
  readonly #now: () => number;
  connections = 0;
  bytesInFlight = 0;
  requests = 0;
  servedBytes = 0;
  #provenMs = Number.NEGATIVE_INFINITY;

  constructor(name: string, failedProofs: Allowance, now: () => number) {
    this.name = name;
    this.failedProofs = failedProofs;
    this.#now = now;
  }

  get isProven(): boolean {
    return this.#now() - this.#provenMs < PROVEN_FOR_MS;
  }

  proved(): void {
    this.#provenMs = this.#now();
  }
}

/** Everybody who called lately. */
export class Hosts {
  readonly #hosts = new Map<string, Host>();
  readonly #limits: ServerLimits;
  readonly #now: () => number;

  constructor(limits: ServerLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
  }

  /** The record of a host, made if there is none; it becomes the latest. */
  of(name: string): Host {
    const host = this.#hosts.get(name) ?? this.#create(name);
    this.#hosts.delete(name);
    this.#hosts.set(name, host);
    if (this.#hosts.size > MOST_HOSTS) this.#forgetOne();
    return host;
  }

  /** A record that is nobody else's, and is not remembered. */
  alone(name: string): Host {
    return this.#create(name);
  }

  [Symbol.iterator](): Iterator<Host> {
    return this.#hosts.values();
  }

  #create(name: string): Host {
    const failedProofs = new Allowance(this.#limits.failedProofsPerSecond, this.#now);
    return new Host(name, failedProofs, this.#now);
  }

  /** Strangers first: who makes up addresses must not make us forget our peers. */
  #forgetOne(): void {
    const away = [...this.#hosts.values()].filter(({ connections }) => connections === 0);
    const least = away.find(({ isProven }) => !isProven) ?? away[0];
    if (least !== undefined) this.#hosts.delete(least.name);
  }
}
