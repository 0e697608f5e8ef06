import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../parts.ts';
import type { Recording } from './operations.ts';
import { recordProgram } from './record-program.ts';

/** Records a program of `test/fixtures/power-cut`, which is given an empty folder to work in. */
export async function recorded(name: string, ...args: readonly string[]): Promise<Recording> {
  const program = fileURLToPath(new URL(`../../fixtures/power-cut/${name}.ts`, import.meta.url));
  await using folder = await temporaryFolder();
  return await recordProgram({ program, args: [folder.path, ...args], watch: folder.path });
}
