import process from 'node:process';
import type { Command } from 'commander';
import { completionScript } from '../completion-scripts.ts';
import type { Shell } from '../completion-scripts.ts';
import { complete } from '../completion.ts';
import { EXIT } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { printableLine } from '../format.ts';
import { jobNames } from '../job-names.ts';
import { say } from '../terminal.ts';

/** `peer-cache completion SHELL`: what that shell reads so that it completes our command lines. */
export function completion(shell: Shell): ExitCode {
  process.stdout.write(completionScript(shell));
  return EXIT.ok;
}

/**
 * `peer-cache complete -- WORD...`, for the scripts of `completion`: a line `VALUE<TAB>DESCRIPTION`
 * for each word that could stand last, and `:files` or `:folders` where those could.
 */
export async function completeWords(program: Command, words: readonly string[]): Promise<ExitCode> {
  const { candidates, disk } = await complete(program, words, jobNames);
  for (const { value, description } of candidates) {
    say(`${value}\t${printableLine(description).replaceAll('\t', ' ')}`);
  }
  if (disk !== 'nothing') say(`:${disk}`);
  return EXIT.ok;
}
