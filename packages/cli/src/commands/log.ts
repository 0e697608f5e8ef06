import process from 'node:process';
import { controlSocketPath } from '@peer-cache/agent';
import type { LogRecord, LogRecordLevel } from '@peer-cache/protocol';
import { askForLines, isRecord } from '../control-call.ts';
import { EXIT } from '../exit-codes.ts';
import { interruptible } from '../interruptible.ts';
import { logLine } from '../log-view.ts';
import { colorsFor, say } from '../terminal.ts';

export interface LogOptions {
  readonly follow?: boolean;
  readonly level?: LogRecordLevel;
  readonly json?: boolean;
}

/** `peer-cache log`: what the agent wrote lately; with `--follow`, and what it writes until Ctrl-C. */
export async function log({ follow = false, level, json = false }: LogOptions): Promise<number> {
  const query = { follow: follow ? 1 : undefined, level };
  const colors = colorsFor(process.stdout);
  return await interruptible(async (signal) => {
    try {
      const call = { path: '/v1/log', query, signal };
      const socketPath = controlSocketPath(process.env);
      for await (const record of askForLines(socketPath, call, isLogRecord)) {
        say(json ? JSON.stringify(record) : logLine(record, colors));
      }
    } catch (error) {
      // Ctrl-C is how following ends.
      if (!signal.aborted) throw error;
    }
    return EXIT.ok;
  });
}

function isLogRecord(value: unknown): value is LogRecord {
  return isRecord(value) && typeof value['level'] === 'number' && typeof value['msg'] === 'string';
}
