import { admitsAnswer } from './admission.ts';
import { ServerBusyError } from './errors.ts';
import type { Host } from './hosts.ts';
import type { ServerLimits } from './limits.ts';

const BUSY_RETRY_MS = 100;

/** Memory for what callers send, within the same limits as that for answers. */
export class Intake {
  readonly #limits: ServerLimits;
  #bytes = 0;

  constructor(limits: ServerLimits) {
    this.#limits = limits;
  }

  /**
   * Counts a body before it is read; the result, to be called once, is for when it is done with.
   *
   * @throws {ServerBusyError} when this caller, or all together, send as much as they may
   */
  admit(bytes: number, host: Host): () => void {
    if (!admitsAnswer(bytes, { all: this.#bytes, ofHost: host.bytesInFlight }, this.#limits)) {
      throw new ServerBusyError('bytes on their way here', BUSY_RETRY_MS);
    }
    this.#count(bytes, host);
    return () => this.#count(-bytes, host);
  }

  #count(bytes: number, host: Host): void {
    this.#bytes += bytes;
    host.bytesInFlight += bytes;
  }
}
