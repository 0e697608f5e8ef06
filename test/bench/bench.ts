// Measures what peer-cache promises against real programs, in one run on one machine:
// `npm run bench`, or `npm run bench -- a d` for some. Ratios are what counts; see docs/benchmarks.md.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { blake3, GIB } from '@peer-cache/core';
import { benchHashing } from './hashing.ts';
import { installed } from './installed.ts';
import { benchJobs } from './jobs.ts';
import { makeContent } from './make-content.ts';
import { benchMemory } from './memory.ts';
import { benchServing } from './serving.ts';
import { benchStatus } from './status.ts';
import { benchTransfer } from './transfer.ts';
import { benchUploads } from './uploads.ts';

export interface Bench {
  /** Removed afterwards. */
  readonly folder: string;
  /** In `folder/served`, of `sizeBytes`. */
  readonly file: string;
  readonly sizeBytes: number;
  /** The built command. */
  readonly bin: string;
  /** Counted runs of each; their median is reported. */
  readonly runs: number;
  readonly report: (row: Row) => void;
}

export interface Row {
  readonly name: string;
  readonly ours: string;
  readonly other: string;
  readonly ratio: number | undefined;
  readonly aim: string;
}

const RUNS = 5;
const BENCHES = {
  a: benchHashing,
  b: benchTransfer,
  c: benchServing,
  d: benchStatus,
  e: benchMemory,
  f: benchJobs,
  g: benchUploads,
};

const wanted = process.argv.slice(2);
const folder = await mkdtemp(join(tmpdir(), 'peer-cache-bench-'));
try {
  const [cpu] = cpus();
  console.log(`${cpus().length} x ${cpu?.model}, Node ${process.version}, BLAKE3 ${blake3.name}`);
  const served = join(folder, 'served');
  await mkdir(served);
  await makeContent(join(served, 'file'), GIB, 1);
  await makeContent(join(served, 'other'), GIB, 2);
  const dist = await installed(folder);
  const bench = {
    folder,
    file: join(served, 'file'),
    sizeBytes: GIB,
    bin: join(dist, 'bin.js'),
    runs: RUNS,
    report,
  };
  for (const [name, run] of Object.entries(BENCHES)) {
    if (wanted.length === 0 || wanted.includes(name)) await run(bench);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

function report({ name, ours, other, ratio, aim }: Row): void {
  const shown = ratio === undefined ? '' : `  ratio ${ratio.toFixed(2)}`;
  console.log(`${name}\n    ${ours}  |  ${other}${shown}  (aim ${aim})`);
}
