import test from 'ava';
import { adjacentRuns } from '../src/file-io.ts';
import { WriteQueue } from '../src/write-queue.ts';

test('what comes while a write is under way goes in the next one, all together', async (t) => {
  const batches: string[] = [];
  const gate = Promise.withResolvers<void>();
  const queue = new WriteQueue<string>(async (items) => {
    batches.push(items.join(''));
    if (batches.length === 1) await gate.promise;
  });
  const first = queue.add(['a']);
  await Promise.resolve();
  const rest = [queue.add(['b']), queue.add(['c', 'd']), queue.add(['e'])];
  gate.resolve();
  await Promise.all([first, ...rest]);
  t.deepEqual(batches, ['a', 'bcde']);
});

test('a write that fails fails those who asked for it, and not those who come after', async (t) => {
  const queue = new WriteQueue<string>((items) =>
    items.includes('bad') ? Promise.reject(new RangeError('bad')) : Promise.resolve(),
  );
  const together = [queue.add(['good']), queue.add(['bad'])];
  const results = await Promise.allSettled(together);
  t.deepEqual(
    results.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  await t.notThrowsAsync(queue.add(['good']));
});

test('blocks are grouped into adjacent ones whatever order they come in', (t) => {
  const blocks = [7, 2, 9, 1, 3, 8].map((blockIndex) => ({
    blockIndex,
    sealed: Buffer.of(blockIndex),
    isOurs: false,
  }));
  const runs = adjacentRuns(blocks).map(({ firstBlock, sealed }) => [firstBlock, sealed.length]);
  t.deepEqual(runs, [
    [1, 3],
    [7, 3],
  ]);
  t.deepEqual(adjacentRuns([]), []);
});
