import { delimiter } from 'node:path';
import process from 'node:process';
import { UsageError } from './arguments.ts';

const USAGE_EXIT_CODE = 2;

/** Runs a bench in an office of namespaces as this process's work, and exits with what it gives. */
export async function runBench(name: string, main: () => Promise<number>): Promise<void> {
  // Not everybody's PATH has the folders of nginx, ip and tc.
  process.env['PATH'] = [process.env['PATH'], '/usr/sbin', '/sbin'].filter(Boolean).join(delimiter);
  // What was built is removed by its watchdogs, which outlive this process.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => process.exit(1));
  }
  try {
    process.exitCode = await main();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${name}: ${error.message}`);
    process.exitCode = USAGE_EXIT_CODE;
  }
}
