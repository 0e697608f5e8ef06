import { isAbsolute } from 'node:path';
import { switchSetting, textSetting } from './setting.ts';
import type { Setting } from './setting.ts';

/** What is configured of the agents of one machine, checked. */
export interface MachineConfig {
  /** Whether this is the machine's agent. */
  readonly serve: boolean;
  readonly join: MachineJoin;
  readonly socketPath: string;
}

export type MachineJoin = (typeof MACHINE_JOINS)[number];

export interface MachineSettingsTable {
  readonly machineServe: Setting<boolean>;
  readonly machineJoin: Setting<MachineJoin>;
  readonly machineSocket: Setting<string>;
}

const MACHINE_JOINS = ['auto', 'never'] as const;
/** What `sockaddr_un` has room for everywhere, less the final NUL. */
const MOST_PATH_BYTES = 103;

export const MACHINE_SETTINGS: MachineSettingsTable = {
  machineServe: switchSetting({
    key: 'machine.serve',
    doc: 'Whether this is the agent of the machine, whose store and LAN port its users share.',
    fallback: false,
  }),
  machineJoin: textSetting({
    key: 'machine.join',
    doc: "Whether to use the store and the LAN port of the machine's agent where there is one.",
    expects: `one of ${MACHINE_JOINS.join(', ')}`,
    fallback: 'auto',
    parse: (text) => MACHINE_JOINS.find((join) => join === text),
  }),
  machineSocket: textSetting({
    key: 'machine.socket',
    doc: "Where the machine's agent serves the users of the machine.",
    expects: `an absolute path of at most ${MOST_PATH_BYTES} bytes`,
    fallback: '/run/peer-cache/machine.sock',
    parse: (text) => {
      const isPath = isAbsolute(text) && !text.includes('\0');
      return isPath && Buffer.byteLength(text) <= MOST_PATH_BYTES ? text : undefined;
    },
  }),
};
