// `npm test`: every test of the repository, or those of the files named as arguments. The last
// line it prints is `N passed, N failed`, with `, N skipped` where that is so.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { delimiter } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { installTestPackages } from './install-test-packages.ts';
import type { RunMessage } from './testing/ava-config.ts';
import { quietLines } from './testing/quiet-output.ts';
import { closingLine } from './testing/run-counts.ts';
import type { RunCounts } from './testing/run-counts.ts';

const AVA = fileURLToPath(new URL('../node_modules/ava/entrypoints/cli.js', import.meta.url));
const LAST_OUTPUT_MS = 1000;
const CONFIG = fileURLToPath(new URL('testing/ava-config.ts', import.meta.url));

installTestPackages();
const counts = await runTests(process.argv.slice(2));
console.log(closingLine(counts));
process.exitCode = counts.failed === 0 && counts.passed + counts.skipped > 0 ? 0 : 1;

async function runTests(args: readonly string[]): Promise<RunCounts> {
  const ava = startAva(args);
  const skipped: string[] = [];
  let told: RunCounts | undefined;
  ava.on('message', (message: RunMessage) => {
    if (message.kind === 'skipped') skipped.push(`${message.file}: ${message.title}`);
    if (message.kind === 'file-done') console.log(fileLine(message.file, message.counts));
    if (message.kind === 'run-done') told = message.counts;
  });
  const shown = showQuietly(ava);
  const [[exitCode]] = await Promise.all([once(ava, 'exit'), once(ava, 'disconnect')]);
  // A program that a test forgot to end may hold the pipe open for ever.
  await Promise.race([shown, setTimeout(LAST_OUTPUT_MS, undefined, { ref: false })]);
  ava.stdout?.destroy();
  if (skipped.length > 0) console.log(['\nskipped:', ...skipped, ''].join('\n  '));
  return settle(told, exitCode);
}

function startAva(args: readonly string[]): ChildProcess {
  const ava = spawn(process.execPath, [AVA, '--config', CONFIG, ...args], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    env: { ...process.env, PATH: withSystemPrograms() },
  });
  // This process ends when ava has: a terminal gives Ctrl-C to both, and ava then says what it ran.
  process.on('SIGINT', () => process.stdin.isTTY || ava.kill('SIGINT'));
  process.on('SIGTERM', () => ava.kill('SIGTERM'));
  return ava;
}

/** Not everybody's PATH has the folders of nginx, ip and avahi-daemon. */
function withSystemPrograms(): string {
  return [process.env['PATH'], '/usr/sbin', '/sbin'].filter(Boolean).join(delimiter);
}

async function showQuietly({ stdout }: ChildProcess): Promise<void> {
  if (stdout === null) return;
  const quiet = quietLines();
  for await (const line of createInterface({ input: stdout })) {
    for (const shown of quiet(line)) console.log(shown);
  }
}

function fileLine(file: string, { passed, failed, skipped }: RunCounts): string {
  const parts = [`${failed === 0 ? '✔' : '✘'} ${file}: ${passed} passed`];
  if (failed > 0) parts.push(`${failed} failed`);
  if (skipped > 0) parts.push(`${skipped} skipped`);
  return parts.join(', ');
}

/** ava's counts, and a failure more where ava itself failed without one to show for it. */
function settle(told: RunCounts | undefined, exitCode: unknown): RunCounts {
  if (told === undefined) {
    console.error('no test ran, or the test runner broke off; see above');
    return { passed: 0, failed: 1, skipped: 0 };
  }
  if (told.failed > 0 || exitCode === 0) return told;
  console.error(`the test runner ended with exit code ${String(exitCode)}`);
  return { ...told, failed: 1 };
}
