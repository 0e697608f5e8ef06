import { decodeWanNotice, encodeWanNotice } from '@peer-cache/protocol';
import type { WanNotice } from '@peer-cache/protocol';
import { OfficeTurns } from '../../src/office-turns.ts';
import { randomFrom } from './seeded-random.ts';
import { VirtualTime } from './virtual-time.ts';

const LOOK_MS = 100;
const SAMPLE_MS = 10;
const LOSS = 0.05;
const LEAST_DELAY_MS = 1;
const MOST_DELAY_MS = 8;
/** How long a request in the background takes to find out how much there is. */
const RAMP_MS = 500;

/** Which shares of the time things were so. */
export interface Shares {
  readonly nobody: number;
  readonly several: number;
  /** The time of each of the colleagues. */
  readonly each: readonly number[];
}

/** Agents on a LAN, in virtual time, who hear each other a little late, and not always. */
export class SimulatedTurns {
  readonly time: VirtualTime = new VirtualTime();
  readonly colleagues: Colleague[] = [];
  readonly random: () => number;
  #hosts = 0;
  #samples = 0;
  #withNobody = 0;
  #withSeveral = 0;

  constructor(seed: number) {
    this.random = randomFrom(seed);
    this.#sample();
  }

  get nowMs(): number {
    return this.time.nowMs;
  }

  /** One that wants, from now on. */
  add(host: string = `10.0.0.${++this.#hosts}`): Colleague {
    const colleague = new Colleague(this, this.newId(), host);
    this.colleagues.push(colleague);
    colleague.live();
    return colleague;
  }

  /** So many that want, one soon after the other. */
  addMany(count: number): Colleague[] {
    return Array.from({ length: count }, () => {
      this.run(this.random() / count);
      return this.add();
    });
  }

  newId(): string {
    return Array.from({ length: 32 }, () => Math.floor(this.random() * 16).toString(16)).join('');
  }

  /** It says nothing any more, not even that it goes. */
  kill(colleague: Colleague): void {
    this.colleagues.splice(this.colleagues.indexOf(colleague), 1);
  }

  /** Told by whoever it is; lost on the way to some. */
  tell(notice: WanNotice, host: string, teller?: Colleague): void {
    for (const colleague of this.colleagues) {
      if (colleague === teller || this.random() < LOSS) continue;
      const delayMs = LEAST_DELAY_MS + this.random() * (MOST_DELAY_MS - LEAST_DELAY_MS);
      this.time.after(delayMs, () => colleague.hear(notice, host));
    }
  }

  /** Calls at once and then every so many ms, for ever. */
  every(ms: number, work: () => void): void {
    work();
    this.time.after(ms, () => this.every(ms, work));
  }

  run(seconds: number): void {
    this.time.runUntil(this.time.nowMs + seconds * 1000);
  }

  /** Runs for so long, and gives how the time was shared. */
  measure(seconds: number): Shares {
    this.#samples = 0;
    this.#withNobody = 0;
    this.#withSeveral = 0;
    for (const each of this.colleagues) each.samples = 0;
    this.run(seconds);
    return {
      nobody: this.#withNobody / this.#samples,
      several: this.#withSeveral / this.#samples,
      each: this.colleagues.map(({ samples }) => samples / this.#samples),
    };
  }

  /** Seconds until it is so, looked at as often as shares are; Infinity for not within a minute. */
  until(isSo: () => boolean): number {
    const fromMs = this.nowMs;
    while (this.nowMs - fromMs < 60_000) {
      this.run(SAMPLE_MS / 1000);
      if (isSo()) return (this.nowMs - fromMs) / 1000;
    }
    return Infinity;
  }

  #sample(): void {
    this.time.after(SAMPLE_MS, () => this.#sample());
    const fetching = this.colleagues.filter((each) => each.fetches);
    for (const each of fetching) each.samples++;
    this.#samples++;
    if (fetching.length === 0) this.#withNobody++;
    if (fetching.length > 1) this.#withSeveral++;
  }
}

/** An agent as its budget makes it: it looks, keeps to its turn, and tells. */
export class Colleague {
  readonly peerId: string;
  readonly host: string;
  wants = true;
  /** Whether it takes all that there is, when it has fetched for a moment. */
  fills = true;
  /** Samples in which it could fetch what it wants. */
  samples = 0;
  mayFetch = false;
  readonly #turns: OfficeTurns;
  readonly #office: SimulatedTurns;
  #fetchesSinceMs = Infinity;

  constructor(office: SimulatedTurns, peerId: string, host: string) {
    this.#office = office;
    this.peerId = peerId;
    this.host = host;
    this.#turns = new OfficeTurns(peerId);
  }

  get fetches(): boolean {
    return this.wants && this.mayFetch;
  }

  live(): void {
    if (!this.#office.colleagues.includes(this)) return;
    this.#look();
    // A timer is late by up to a millisecond or two.
    this.#office.time.after(LOOK_MS + this.#office.random() * 2, () => this.live());
  }

  hear(notice: WanNotice, host: string): void {
    this.#turns.hear(notice, host, this.#office.nowMs);
    if (this.#office.colleagues.includes(this)) this.#look();
  }

  #look(): void {
    const { wants, fills } = this;
    const { nowMs } = this.#office;
    const isFilling = fills && nowMs - this.#fetchesSinceMs > RAMP_MS;
    const own = { wants, isForeground: false, isFilling, bytesPerSecond: 0 };
    this.mayFetch = this.#turns.look(own, nowMs);
    this.#fetchesSinceMs = this.fetches ? Math.min(this.#fetchesSinceMs, nowMs) : Infinity;
    const notice = this.#turns.tell(nowMs);
    if (notice === undefined) return;
    this.#office.tell(decodeWanNotice(encodeWanNotice(notice)), this.host, this);
  }
}
