import { FOLDERS, logTo, untilToldToStop } from '@peer-cache/agent';
import { startOrigin } from '@peer-cache/origin';
import { EXIT } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { tell } from '../terminal.ts';

export interface OriginServeOptions {
  readonly host: string;
  readonly port: number;
  readonly public?: boolean;
}

/** `peer-cache origin serve FOLDER`: serves a folder as an origin until it is told to stop. */
export async function originServe(folder: string, options: OriginServeOptions): Promise<ExitCode> {
  const log = logTo(1, 'info');
  const { host, port, public: isPublic = false } = options;
  const terms = { stateFolder: FOLDERS.origin, isPublic };
  await using origin = await startOrigin({ log }, { folder, host, port, ...terms });
  tell(`serving ${folder} at ${origin.url}/ ; Ctrl-C stops`);
  await untilToldToStop(log);
  return EXIT.ok;
}
