import type { SimulatedLink } from './simulated-link.ts';
import type { VirtualTime } from './virtual-time.ts';

const PACKET_BYTES = 1500;
const FIRST_PACKETS = 10;
/** Of cubic (RFC 9438). */
const CUBIC_C = 0.4;
const CUBIC_BETA = 0.7;
/** Of BBR: gains of one cycle, a round trip each. */
const CYCLE = [1.25, 0.75, 1, 1, 1, 1, 1, 1];

export type CongestionControl = 'cubic' | 'bbr';

interface Sent {
  readonly sentMs: number;
  readonly deliveredThen: number;
  readonly wasIdle: boolean;
}

/** A server's connection: what it is to send goes as fast as its congestion control lets it. */
export class SimulatedSender {
  readonly #time: VirtualTime;
  readonly #link: SimulatedLink;
  readonly #control: CongestionControl;
  #leftBytes = 0;
  #flying = 0;
  #window = FIRST_PACKETS;
  #threshold = Infinity;
  #maxWindow = 0;
  #epochMs = 0;
  #lastCutMs = Number.NEGATIVE_INFINITY;
  #isPacing = false;
  #isStarting = true;
  #bestRate = 0;
  #rates: { atMs: number; rate: number }[] = [];
  #minRttMs = Infinity;
  #delivered = 0;
  /** What is sent until so much has been delivered tells of what there was to send, no more. */
  #idleUntilByte = 0;
  #fullSinceMs = 0;
  #fullRate = 0;
  onBytes: (bytes: number) => void = () => undefined;

  constructor(time: VirtualTime, link: SimulatedLink, control: CongestionControl) {
    this.#time = time;
    this.#link = link;
    this.#control = control;
  }

  get isIdle(): boolean {
    return this.#leftBytes === 0 && this.#flying === 0;
  }

  send(bytes: number): void {
    if (this.#leftBytes === 0) this.#idleUntilByte = this.#delivered + this.#flying * PACKET_BYTES;
    this.#leftBytes += bytes;
    this.#pump();
  }

  stop(): void {
    this.#leftBytes = 0;
  }

  #pump(): void {
    if (this.#control === 'bbr' && this.#bestRate > 0) return this.#pace();
    while (this.#leftBytes > 0 && this.#flying < Math.floor(this.#window)) this.#emit();
  }

  #pace(): void {
    if (this.#isPacing) return;
    this.#isPacing = true;
    const step = (): void => {
      const mostPackets = Math.max(4, (2 * this.#bestRate * this.#minRttMs) / PACKET_BYTES);
      const most = this.#isStarting ? 1.45 * mostPackets : mostPackets;
      if (this.#leftBytes === 0) {
        this.#isPacing = false;
        return;
      }
      if (this.#flying < most) this.#emit();
      const cycle = Math.floor(this.#time.nowMs / Math.max(1, this.#minRttMs)) % CYCLE.length;
      const gain = this.#isStarting ? 2.88 : (CYCLE[cycle] ?? 1);
      this.#time.after(PACKET_BYTES / (gain * this.#bestRate), step);
    };
    step();
  }

  #emit(): void {
    const bytes = Math.min(PACKET_BYTES, this.#leftBytes);
    this.#leftBytes -= bytes;
    this.#flying++;
    const sentMs = this.#time.nowMs;
    const deliveredThen = this.#delivered;
    const wasIdle = deliveredThen <= this.#idleUntilByte;
    this.#link.send({
      flow: this,
      bytes,
      arrived: () => {
        this.onBytes(bytes);
        this.#time.after(this.#link.rttMs / 2, () => {
          this.#delivered += bytes;
          this.#acked({ sentMs, deliveredThen, wasIdle });
        });
      },
      lost: () => {
        this.#flying--;
        this.#leftBytes += bytes;
        this.#cut();
        this.#pump();
      },
    });
  }

  #acked({ sentMs, deliveredThen, wasIdle }: Sent): void {
    const { nowMs } = this.#time;
    this.#flying--;
    const bytes = this.#delivered - deliveredThen;
    if (this.#control === 'bbr') this.#learn(nowMs - sentMs, { bytes, wasIdle });
    else this.#grow();
    this.#pump();
  }

  #grow(): void {
    if (this.#window < this.#threshold) {
      this.#window++;
      return;
    }
    const seconds = (this.#time.nowMs - this.#epochMs) / 1000;
    const k = Math.cbrt((this.#maxWindow * (1 - CUBIC_BETA)) / CUBIC_C);
    const aim = CUBIC_C * (seconds - k) ** 3 + this.#maxWindow;
    const step = Math.max(0.01, (aim - this.#window) / this.#window);
    this.#window += Math.min(0.5, step);
  }

  #cut(): void {
    if (this.#control === 'bbr') return;
    const { nowMs } = this.#time;
    if (nowMs - this.#lastCutMs < this.#link.rttMs + this.#link.queueMs) return;
    this.#lastCutMs = nowMs;
    this.#maxWindow = this.#window;
    this.#window = Math.max(2, this.#window * CUBIC_BETA);
    this.#threshold = this.#window;
    this.#epochMs = nowMs;
  }

  #learn(
    rttMs: number,
    { bytes, wasIdle }: { readonly bytes: number; readonly wasIdle: boolean },
  ): void {
    const { nowMs } = this.#time;
    this.#minRttMs = Math.min(this.#minRttMs, rttMs);
    const rate = bytes / rttMs;
    if (wasIdle && rate < this.#bestRate) return;
    const memoryMs = 10 * Math.max(this.#minRttMs, rttMs);
    this.#rates = this.#rates.filter(
      ({ atMs, rate: old }) => nowMs - atMs < memoryMs && old > rate,
    );
    this.#rates.push({ atMs: nowMs, rate });
    this.#bestRate = this.#rates[0]?.rate ?? rate;
    if (!this.#isStarting) return;
    if (this.#bestRate > 1.25 * this.#fullRate) {
      this.#fullRate = this.#bestRate;
      this.#fullSinceMs = nowMs;
    } else if (nowMs - this.#fullSinceMs > 3 * rttMs) this.#isStarting = false;
  }
}
