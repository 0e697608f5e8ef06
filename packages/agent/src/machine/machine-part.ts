import type { MachineStatus } from '@peer-cache/protocol';
import type { MachineServer } from '@peer-cache/server';
import type { JoinedMachine } from './join-machine.ts';

/** What an agent has to do with the others of its machine, as its status tells it. */
export interface MachinePart {
  status(): MachineStatus;
  /** Content bytes given to the agents of this machine's users. */
  servedBytes(): number;
}

/** Of the machine's agent. */
export function servingPart(server: MachineServer, socketPath: string): MachinePart {
  return {
    status: () => ({ role: 'serving', socketPath, isReachable: true }),
    servedBytes: () => server.counters().servedBytes,
  };
}

/** Of a user's agent that joined it. */
export function joinedPart(machine: JoinedMachine): MachinePart {
  return {
    status() {
      const { socketPath, isReachable } = machine;
      return { role: 'joined', socketPath, isReachable };
    },
    servedBytes: () => 0,
  };
}
