import type { VirtualTime } from './virtual-time.ts';

export interface LinkOptions {
  readonly mbit: number;
  /** What finds the queue so long is dropped. */
  readonly bufferMs: number;
  /** There and back, with nothing in the queue. */
  readonly rttMs: number;
  /** Whether each flow has a queue of its own, and all get the same. */
  readonly isFair?: boolean;
  /** Chance that a packet is held up by the radio, and for how long at most. */
  readonly jitter?: { readonly chance: number; readonly mostMs: number };
  /** Chance that a packet is lost behind the queue. */
  readonly loss?: number;
  readonly random?: () => number;
}

export interface Packet {
  readonly flow: object;
  readonly bytes: number;
  readonly arrived: () => void;
  readonly lost: () => void;
}

/** The thin part of the way: one queue, or one for each flow, that drops at its tail. */
export class SimulatedLink {
  readonly options: LinkOptions;
  readonly #time: VirtualTime;
  readonly #queues = new Map<object, Packet[]>();
  #queuedBytes = 0;
  #isBusy = false;
  /** Links become slower, and routes longer. */
  mbit: number;
  rttMs: number;

  constructor(time: VirtualTime, options: LinkOptions) {
    this.#time = time;
    this.options = options;
    this.mbit = options.mbit;
    this.rttMs = options.rttMs;
  }

  get bytesPerMs(): number {
    return this.mbit * 125;
  }

  /** What a packet that comes now has to wait for. */
  get queueMs(): number {
    return this.#queuedBytes / this.bytesPerMs;
  }

  send(packet: Packet): void {
    const { bufferMs, isFair = false } = this.options;
    if (this.#queuedBytes + packet.bytes > Math.max(3000, bufferMs * this.bytesPerMs)) {
      // Whoever waits behind the others hears of it when these have come.
      return this.#time.after(this.rttMs + this.queueMs, packet.lost);
    }
    const flow = isFair ? packet.flow : this;
    const queue = this.#queues.get(flow) ?? [];
    queue.push(packet);
    this.#queues.set(flow, queue);
    this.#queuedBytes += packet.bytes;
    if (!this.#isBusy) this.#serve();
  }

  #serve(): void {
    const [flow, queue] = this.#queues.entries().next().value ?? [];
    const packet = queue?.shift();
    if (flow === undefined || queue === undefined || packet === undefined) {
      this.#isBusy = false;
      return;
    }
    this.#isBusy = true;
    this.#queues.delete(flow);
    if (queue.length > 0) this.#queues.set(flow, queue);
    this.#time.after(packet.bytes / this.bytesPerMs, () => {
      this.#queuedBytes -= packet.bytes;
      this.#deliver(packet);
      this.#serve();
    });
  }

  #deliver(packet: Packet): void {
    const { rttMs } = this;
    const { random = Math.random, jitter, loss = 0 } = this.options;
    if (loss > 0 && random() < loss) return this.#time.after(rttMs, packet.lost);
    const isHeldUp = jitter !== undefined && random() < jitter.chance;
    const heldMs = isHeldUp ? random() * jitter.mostMs : 0;
    this.#time.after(rttMs / 2 + heldMs, packet.arrived);
  }
}
