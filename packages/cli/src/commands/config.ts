import { readConfig } from '@peer-cache/agent';
import { EXIT } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { say } from '../terminal.ts';

export interface ConfigCommandOptions {
  readonly config?: string;
  readonly set?: readonly string[];
  readonly json?: boolean;
}

/** `peer-cache config`: every setting in force, as a TOML file could say it. */
export function config({ config: file, set, json = false }: ConfigCommandOptions): ExitCode {
  const { settings } = readConfig({ file, set });
  if (json) say(JSON.stringify(settings));
  else {
    for (const { key, value, from, doc } of settings) {
      // A JSON string, number, boolean or list of strings is one of TOML as well.
      say(`# ${doc}\n${key} = ${JSON.stringify(value)}  # ${from}\n`);
    }
  }
  return EXIT.ok;
}
