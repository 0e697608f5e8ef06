import type { Urgency } from './agent-host.ts';
import type { Measures } from './measures.ts';
import type { Stage } from './stage.ts';
import type { Stranger } from './strangers.ts';

/** A way in which a branch office may come to want a file. */
export interface Scenario {
  readonly name: string;
  /** What happens, in a sentence. */
  readonly title: string;
  /** Those that have an agent from the start. */
  readonly hosts: number;
  /** Those whose agents start while it plays. */
  readonly latecomers?: number;
  /** Hosts that run something else than our agent. */
  readonly strangers?: readonly Stranger[];
  readonly lanMbit?: number;
  /** `foreground` unless it is given. */
  readonly urgency?: Urgency;
  /** Has hosts fetch the file, and things happen meanwhile; what it starts is waited for. */
  readonly play: (stage: Stage) => Promise<void>;
  /** What the measures may be at most. */
  readonly aims: Measures;
  /** Whether the other programs do the same for comparison. */
  readonly isCompared?: boolean;
}
