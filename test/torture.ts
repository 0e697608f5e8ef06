import { MIB, MINUTE_MS, SECOND_MS } from '@peer-cache/core';
import test from 'ava';
import type { TortureResult } from './helpers/torture/check-result.ts';
import { tortureContents } from './helpers/torture/torture-contents.ts';
import { tortureRound } from './helpers/torture/torture-round.ts';

const LONG_ROUNDS = 200;
const MOST_SHORT_ROUNDS = 2;
const SHORT_MS = 25 * SECOND_MS;
const { LONG_TESTS, TORTURE_ROUNDS, TORTURE_SEED } = process.env;
const isLong = LONG_TESTS === '1' || TORTURE_ROUNDS !== undefined;
const rounds = Number(TORTURE_ROUNDS ?? (isLong ? LONG_ROUNDS : MOST_SHORT_ROUNDS));

test('jobs come to a right end, once, whatever is killed and whatever fails', async (t) => {
  t.timeout(isLong ? rounds * 3 * MINUTE_MS : 4 * MINUTE_MS);
  const contents = tortureContents();
  const firstSeed = TORTURE_SEED === undefined ? Date.now() % 2 ** 31 : Number(TORTURE_SEED);
  const startedMs = performance.now();
  for (let round = 0; round < rounds; round++) {
    if (!isLong && performance.now() - startedMs > SHORT_MS) return;
    const seed = firstSeed + round;
    t.log(`TORTURE_SEED=${seed}`);
    const result = await tortureRound(seed, contents);
    t.log(shown(result));
    // What ava shows of a test, it shows at its end.
    if (isLong) process.stderr.write(`round ${round + 1}, seed ${seed}: ${shown(result)}\n`);
    t.deepEqual(result.wrongs, [], `seed ${seed}`);
  }
});

function shown({ ms, kills, wantedBytes, refetchedBytes, allowedBytes }: TortureResult): string {
  const again = `${mib(refetchedBytes)} came again (${mib(allowedBytes)} may)`;
  return `${kills} kills, ${(ms / SECOND_MS).toFixed(0)} s, ${mib(wantedBytes)} wanted, ${again}`;
}

function mib(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`;
}
