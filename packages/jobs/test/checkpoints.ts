import { MIB, silentLog } from '@peer-cache/core';
import type { Log } from '@peer-cache/core';
import test from 'ava';
import { JournalFullError } from '../src/errors.ts';
import { Checkpoints } from '../src/file/checkpoints.ts';
import type { Checkpointed } from '../src/file/checkpoints.ts';

/** Tells what is done to it. */
function notingFile(name: string, done: string[], hasNote = true): Checkpointed {
  return {
    async sync() {
      done.push(`sync ${name}`);
      await Promise.resolve();
      if (!hasNote) return undefined;
      return {
        note: () => void done.push(`note ${name}`),
        undo: () => void done.push(`undo ${name}`),
      };
    },
  };
}

function open(done: string[], log: Log = silentLog): Checkpoints {
  const transact = (work: () => void): void => {
    done.push('begin');
    work();
    done.push('commit');
  };
  return new Checkpoints(transact, { log });
}

test('files are synced before the journal hears of them, all in one transaction', async (t) => {
  const done: string[] = [];
  await using checkpoints = open(done);
  checkpoints.wrote(notingFile('a', done), 1);
  checkpoints.wrote(notingFile('b', done), 1);
  await checkpoints.flush();
  t.deepEqual(done, ['sync a', 'sync b', 'begin', 'note a', 'note b', 'commit']);
  await checkpoints.flush();
  t.is(done.length, 6);
});

test('a file that has nothing to note holds nobody up', async (t) => {
  const done: string[] = [];
  await using checkpoints = open(done);
  checkpoints.wrote(notingFile('empty', done, false), 1);
  checkpoints.wrote(notingFile('a', done), 1);
  await checkpoints.flush();
  t.deepEqual(done, ['sync empty', 'sync a', 'begin', 'note a', 'commit']);
});

test('what could not be journaled is given back, and noted with the next flush', async (t) => {
  const done: string[] = [];
  let isFull = true;
  const errors: string[] = [];
  const log: Log = { ...silentLog, error: (_facts, message) => void errors.push(message) };
  const transact = (work: () => void): void => {
    work();
    if (isFull) throw new JournalFullError('/journal');
  };
  await using checkpoints = new Checkpoints(transact, { log });
  checkpoints.wrote(notingFile('a', done), 1);
  await checkpoints.flush();
  t.deepEqual(done.splice(0), ['sync a', 'note a', 'undo a']);
  t.deepEqual(errors, ['progress could not be journaled']);
  isFull = false;
  await checkpoints.flush();
  t.deepEqual(done, ['sync a', 'note a']);
});

test('64 MiB that are not synced are flushed without waiting for a second', async (t) => {
  const done: string[] = [];
  await using checkpoints = open(done);
  const file = notingFile('a', done);
  checkpoints.wrote(file, 63 * MIB);
  await Promise.resolve();
  t.deepEqual(done, []);
  checkpoints.wrote(file, 1 * MIB);
  await new Promise((resolve) => setImmediate(resolve));
  t.deepEqual(done, ['sync a', 'begin', 'note a', 'commit']);
});

test('a file that is closed is not synced any more, and closing flushes the others', async (t) => {
  const done: string[] = [];
  const checkpoints = open(done);
  const closed = notingFile('closed', done);
  checkpoints.wrote(closed, 1);
  checkpoints.wrote(notingFile('a', done), 1);
  checkpoints.forget(closed);
  await checkpoints[Symbol.asyncDispose]();
  t.deepEqual(done, ['sync a', 'begin', 'note a', 'commit']);
});

test('whoever flushes waits for what is being flushed already', async (t) => {
  const done: string[] = [];
  await using checkpoints = open(done);
  checkpoints.wrote(notingFile('a', done), 1);
  const first = checkpoints.flush();
  await checkpoints.flush();
  t.true(done.includes('commit'));
  await first;
});
