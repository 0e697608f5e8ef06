import type { VirtualTime } from './virtual-time.ts';

/** A request on its way from the origin: stretches of bytes, one after the other. */
export interface WanFlow {
  /** It wants no more; what is in the router's buffer comes all the same. */
  cancel(): void;
}

interface Flow {
  readonly line: WanLine;
  leftBytes: number;
  stretchBytes: number;
  bytesPerMs: number;
  /** The bytes of the next stretch; 0 at the end, undefined after a cancel. */
  next: (() => number) | undefined;
}

/** What one host may take of the WAN: it may change. */
export class WanLine {
  mostBytesPerMs: number = Infinity;
}

/**
 * The office's line, shared by all flows in equal parts as far as the hosts' own limits let them
 * (max-min fair).
 */
export class Wan {
  readonly #time: VirtualTime;
  readonly #bytesPerMs: number;
  readonly #bufferMs: number;
  readonly #flows = new Set<Flow>();
  #sharedMs = 0;
  #generation = 0;
  /** Everything that came over it. */
  carriedBytes = 0;
  /** Came for nothing: a part of a block whose flow was cancelled. */
  wastedBytes = 0;

  constructor(
    time: VirtualTime,
    { bytesPerMs, bufferMs }: { readonly bytesPerMs: number; readonly bufferMs: number },
  ) {
    this.#time = time;
    this.#bytesPerMs = bytesPerMs;
    this.#bufferMs = bufferMs;
  }

  /** Begins a flow: `next` is called when a stretch has come, and gives the size of the next. */
  open(line: WanLine, firstBytes: number, next: () => number): WanFlow {
    this.#advance();
    const flow = { line, leftBytes: firstBytes, stretchBytes: firstBytes, bytesPerMs: 0, next };
    this.#flows.add(flow);
    this.#share();
    return { cancel: () => this.#cancel(flow) };
  }

  /** A line's limit changed. */
  changed(): void {
    this.#advance();
    this.#share();
  }

  #cancel(flow: Flow): void {
    if (!this.#flows.has(flow)) return;
    this.#advance();
    const cameBytes = flow.stretchBytes - Math.max(0, flow.leftBytes);
    const bufferedBytes = Math.min(flow.bytesPerMs * this.#bufferMs, Math.max(0, flow.leftBytes));
    flow.next = undefined;
    flow.leftBytes = bufferedBytes;
    this.carriedBytes += cameBytes + bufferedBytes;
    this.wastedBytes += cameBytes + bufferedBytes;
    if (bufferedBytes <= 0) this.#flows.delete(flow);
    this.#share();
  }

  #advance(): void {
    const tookMs = this.#time.nowMs - this.#sharedMs;
    this.#sharedMs = this.#time.nowMs;
    if (tookMs === 0) return;
    for (const flow of this.#flows) flow.leftBytes -= flow.bytesPerMs * tookMs;
  }

  #share(): void {
    let leftBytesPerMs = this.#bytesPerMs;
    const flowsOf = new Map<WanLine, Flow[]>();
    for (const flow of this.#flows) {
      const known = flowsOf.get(flow.line);
      if (known === undefined) flowsOf.set(flow.line, [flow]);
      else known.push(flow);
    }
    const limited = (line: WanLine, flows: readonly Flow[]): number =>
      line.mostBytesPerMs / flows.length;
    let leftFlows = this.#flows.size;
    const lines = [...flowsOf].toSorted((a, b) => limited(...a) - limited(...b));
    for (const [line, flows] of lines) {
      const bytesPerMs = Math.min(limited(line, flows), leftBytesPerMs / leftFlows);
      for (const flow of flows) flow.bytesPerMs = bytesPerMs;
      leftFlows -= flows.length;
      leftBytesPerMs -= bytesPerMs * flows.length;
    }
    this.#awaitNext();
  }

  #awaitNext(): void {
    let nextMs = Infinity;
    for (const { leftBytes, bytesPerMs } of this.#flows) {
      if (bytesPerMs > 0) nextMs = Math.min(nextMs, Math.max(0, leftBytes) / bytesPerMs);
    }
    const generation = ++this.#generation;
    if (nextMs === Infinity) return;
    this.#time.after(nextMs, () => {
      if (generation === this.#generation) this.#finishStretches();
    });
  }

  #finishStretches(): void {
    this.#advance();
    for (const flow of [...this.#flows].filter(isDone)) {
      while (isDone(flow) && this.#flows.has(flow)) this.#finishStretch(flow);
    }
    this.#share();
  }

  #finishStretch(flow: Flow): void {
    if (flow.next === undefined) {
      this.#flows.delete(flow);
      return;
    }
    this.carriedBytes += flow.stretchBytes;
    flow.stretchBytes = 0;
    flow.stretchBytes = flow.next();
    // What came beyond the whole millisecond belongs to the next stretch.
    flow.leftBytes += flow.stretchBytes;
    if (flow.stretchBytes === 0) this.#flows.delete(flow);
  }
}

/** Within what sums of fractions are off by. */
function isDone({ leftBytes }: Flow): boolean {
  return leftBytes <= 1e-6;
}
