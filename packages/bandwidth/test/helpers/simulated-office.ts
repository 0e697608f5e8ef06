import { DelayWindow } from '../../src/delay-window.ts';
import type { Piece } from '../../src/pieces.ts';
import { SimulatedLink } from './simulated-link.ts';
import type { LinkOptions } from './simulated-link.ts';
import { SimulatedSender } from './simulated-sender.ts';
import type { CongestionControl } from './simulated-sender.ts';
import { VirtualTime } from './virtual-time.ts';

const EVERLASTING = 2 ** 45;
const CONNECTIONS = 8;

export interface OfficeOptions extends LinkOptions {
  readonly control?: CongestionControl;
  /** How late a process comes to what it has to do, at most. */
  readonly lagMs?: number;
}

/** A link with background downloads, foreground ones, and what both got. */
export class SimulatedOffice {
  readonly time: VirtualTime = new VirtualTime();
  readonly link: SimulatedLink;
  readonly #options: OfficeOptions;

  constructor(options: OfficeOptions) {
    this.#options = options;
    this.link = new SimulatedLink(this.time, options);
  }

  /** One connection that takes what it gets, from now on. */
  startForeground(): Traffic {
    const { control = 'cubic' } = this.#options;
    const traffic = new Traffic(this.time);
    const sender = new SimulatedSender(this.time, this.link, control);
    sender.onBytes = (bytes) => traffic.note(bytes);
    this.time.after(this.link.rttMs / 2, () => sender.send(EVERLASTING));
    traffic.stop = () => sender.stop();
    return traffic;
  }

  startBackground(): Background {
    const background = new Background(this.time, this.link, this.#options);
    background.pump();
    return background;
  }

  /** Runs for so long, and gives the mean of the queue. */
  run(seconds: number): { readonly meanQueueMs: number } {
    const endMs = this.time.nowMs + seconds * 1000;
    let sum = 0;
    let count = 0;
    while (this.time.nowMs < endMs) {
      this.time.runUntil(Math.min(endMs, this.time.nowMs + 5));
      sum += this.link.queueMs;
      count++;
    }
    return { meanQueueMs: sum / count };
  }
}

/** Bytes that came, by time. */
export class Traffic {
  readonly #time: VirtualTime;
  readonly #slots = new Map<number, number>();
  stop: () => void = () => undefined;

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  note(bytes: number): void {
    const slot = Math.floor(this.#time.nowMs / 100);
    this.#slots.set(slot, (this.#slots.get(slot) ?? 0) + bytes);
  }

  /** Mbit/s between two moments, in seconds. */
  mbit(from: number, to: number): number {
    let bytes = 0;
    for (let slot = Math.floor(from * 10); slot < Math.floor(to * 10); slot++) {
      bytes += this.#slots.get(slot) ?? 0;
    }
    return (bytes * 8) / (to - from) / 1e6;
  }
}

interface Connection {
  readonly sender: SimulatedSender;
  piece: Piece | undefined;
}

/** The real window, asking a simulated origin over connections that are kept. */
export class Background {
  readonly traffic: Traffic;
  readonly window: DelayWindow;
  readonly #time: VirtualTime;
  readonly #link: SimulatedLink;
  readonly #options: OfficeOptions;
  readonly #connections: Connection[];
  #willLookMs = 0;
  #isStopped = false;

  constructor(time: VirtualTime, link: SimulatedLink, options: OfficeOptions) {
    this.#time = time;
    this.#link = link;
    this.#options = options;
    this.traffic = new Traffic(time);
    this.window = new DelayWindow();
    const { control = 'cubic' } = options;
    this.#connections = Array.from({ length: CONNECTIONS }, () => {
      const connection: Connection = {
        sender: new SimulatedSender(time, link, control),
        piece: undefined,
      };
      connection.sender.onBytes = (bytes) => this.#lately(() => this.#came(connection, bytes));
      return connection;
    });
  }

  stop(): void {
    this.#isStopped = true;
  }

  pump(): void {
    const { nowMs } = this.#time;
    for (;;) {
      if (this.#isStopped) return;
      const bytes = this.window.mayAsk(nowMs);
      const connection = this.#connections.find(({ piece }) => piece === undefined);
      if (bytes === 0 || connection === undefined) break;
      connection.piece = this.window.ask(bytes, nowMs);
      this.#time.after(this.#link.rttMs / 2, () => connection.sender.send(bytes));
    }
    const nextMs = this.window.nextMs();
    if (nextMs === undefined || nextMs === this.#willLookMs) return;
    this.#willLookMs = nextMs;
    this.#time.after(nextMs - nowMs, () => this.pump());
  }

  #came(connection: Connection, bytes: number): void {
    const { piece } = connection;
    const { nowMs } = this.#time;
    this.traffic.note(bytes);
    if (piece === undefined) return;
    this.window.began(piece, nowMs);
    this.window.came(piece, bytes, nowMs);
    if (piece.leftBytes === 0) {
      connection.piece = undefined;
      this.window.ended(piece, nowMs);
    }
    this.pump();
  }

  #lately(run: () => void): void {
    const { lagMs = 0, random = Math.random } = this.#options;
    if (lagMs === 0) run();
    else this.#time.after(random() * lagMs, run);
  }
}
