export type { HostCounters, ServerCounters, ServerEvents } from './counters.ts';
export type { ServerParts } from './create-server.ts';
export { ListenFailedError } from './errors.ts';
export type { ServerLimits } from './limits.ts';
export type { ListenAddress } from './listener.ts';
export { startMachineServer } from './machine-server.ts';
export type { LanFinder, MachineServer, MachineServerParts } from './machine-server.ts';
export { startServer } from './start-server.ts';
export type { PeerServer, ServerOptions } from './start-server.ts';
