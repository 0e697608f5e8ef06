import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';

/** Those of the programs that are not installed. */
export function missingPrograms(programs: readonly string[]): string[] {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return programs.filter((name) => !folders.some((folder) => existsSync(join(folder, name))));
}
